//! Uploads into conversations and datasets, and their status.

use serde_json::{Value, json};

use crate::answer;
use crate::failure::Answer;
use crate::inbound::Inbound;
use crate::key::Scope;
use crate::lock::lock;
use crate::refusal::Refusal;
use crate::routes::{Call, conversations};
use crate::shared::{File, random_id, unix_now};

pub(crate) async fn to_conversation(call: &Call<'_>, inbound: &mut Inbound) -> Answer {
    call.access.conversation_uploads()?;
    let id = call
        .conversation()?
        .ok_or_else(Refusal::missing_conversation)?;
    conversations::exists(call, id)?;
    accept(call, inbound).await
}

pub(crate) async fn to_dataset(call: &Call<'_>, inbound: &mut Inbound, target: &str) -> Answer {
    call.access.upload()?;
    call.access.scope(Scope::DatasetsWrite)?;
    call.access.dataset(target)?;
    if !call
        .shared
        .tenant
        .datasets
        .iter()
        .any(|known| known == target)
    {
        return Err(Refusal::dataset_not_found(target).into());
    }
    accept(call, inbound).await
}

/// Each poll brings the file nearer to its end.
pub(crate) fn status(call: &Call<'_>, id: &str) -> Answer {
    let mut files = lock(&call.shared.files);
    let own = files.entry(id).filter(|file| file.key == call.access.key);
    let file = own.ok_or_else(Refusal::file_not_found)?;
    let status = match file.polls_left {
        0 if file.name.contains("fail") => "failed",
        0 => "ready",
        _ => "processing",
    };
    file.polls_left = file.polls_left.saturating_sub(1);
    Ok(answer::json(&described(id, file, status)))
}

async fn accept(call: &Call<'_>, inbound: &mut Inbound) -> Answer {
    let form = inbound.form(call.headers).await?;
    let part = form.file()?.clone();
    let id = random_id("file_")?;
    let file = File {
        key: call.access.key.clone(),
        name: part.name,
        length: part.length,
        sha256: part.sha256,
        created: unix_now(),
        polls_left: call.shared.tenant.polls_until_ready,
    };
    let answer = answer::json(&described(&id, &file, "processing"));
    lock(&call.shared.files).insert(&id, file);
    Ok(answer)
}

fn described(id: &str, file: &File, status: &str) -> Value {
    json!({
        "id": id, "object": "file", "filename": file.name, "bytes": file.length, "sha256": file.sha256,
        "created_at": file.created, "status": status,
    })
}
