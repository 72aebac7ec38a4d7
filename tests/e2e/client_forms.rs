//! The forms clients write, as their sources and their bytes on the wire show them: each passes, and
//! only its model changes.

use sha2::{Digest, Sha256};
use signalbox_harness::{
    forms::{ClientForm, client_forms},
    gate::{DEMO_ALL, Gate},
    http::Ask,
};
use signalbox_http::multipart::{Boundary, Scanner};

const PUBLISHED: &str = "support-agent";

#[test]
fn only_the_model_of_a_clients_form_changes_however_it_is_cut() {
    for form in client_forms() {
        let sent = form.body(ClientForm::MODEL);
        for size in [1, 2, 7, 64, sent.len()] {
            let boundary = Boundary::of(&[form.kind.as_bytes()], &[]).expect(&form.name);
            let mut scanner = Scanner::new(&boundary);
            let (mut out, mut models) = (Vec::new(), Vec::new());
            for piece in sent.chunks(size) {
                let found = scanner.push(piece, &mut out).expect(&form.name);
                if found.is_some() {
                    scanner
                        .replace(Some(PUBLISHED), &mut out)
                        .expect(&form.name);
                }
                models.extend(found);
            }
            scanner.finish(&mut out).expect(&form.name);
            assert_eq!(models, [ClientForm::MODEL], "{}", form.name);
            assert_eq!(
                out.escape_ascii().to_string(),
                form.body(PUBLISHED).escape_ascii().to_string(),
                "{}",
                form.name
            );
        }
    }
}

#[test]
fn a_gate_takes_the_forms_of_every_client() {
    let gate = Gate::demo();
    for form in client_forms() {
        gate.gt().clear();
        let ask = Ask::new("POST", "/v1/audio/transcriptions")
            .key(DEMO_ALL)
            .header("content-type", &form.kind)
            .body(form.body(ClientForm::MODEL));
        let answer = gate.ask(&ask);
        assert_eq!(answer.status, 200, "{}: {}", form.name, answer.text());
        let requests = gate.gt().requests();
        let hashes: Vec<_> = requests.iter().map(|seen| &seen.body_sha256).collect();
        let digest = Sha256::digest(form.body(PUBLISHED));
        let expected: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hashes, [&expected], "{}", form.name);
    }
}
