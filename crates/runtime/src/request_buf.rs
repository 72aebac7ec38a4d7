//! A request that can wait in a queue.

use signalbox_policy::{
    BodyMember, BodyMemberFault, Caller, Header, HeaderBuf, Request, RequestedModel,
};

/// A request that owns its parts, to be decided on another thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestBuf {
    method: String,
    path: String,
    query: Option<String>,
    content_type: Option<String>,
    headers: Vec<HeaderBuf>,
    caller: Caller,
    model: Model,
    body_members: Vec<(String, Member)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    Integer(u64),
    Text(String),
    Unclear(BodyMemberFault),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Model {
    Unread,
    Absent,
    Named(String),
}

impl RequestBuf {
    /// Who asks.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Gives the request to `look` as the contract's words.
    pub fn view<R>(&self, look: impl FnOnce(&Request<'_>) -> R) -> R {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|header| Header {
                name: &header.name,
                value: &header.value,
            })
            .collect();
        let members = self.body_members.iter();
        let members: Vec<_> = members
            .map(|(name, member)| (name.as_str(), member.view()))
            .collect();
        look(&Request {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            content_type: self.content_type.as_deref(),
            headers: &headers,
            caller: &self.caller,
            model: match &self.model {
                Model::Unread => RequestedModel::Unread,
                Model::Absent => RequestedModel::Absent,
                Model::Named(name) => RequestedModel::Named(name),
            },
            body_members: &members,
        })
    }
}

impl Member {
    fn view(&self) -> BodyMember<'_> {
        match self {
            Self::Integer(number) => BodyMember::Integer(*number),
            Self::Text(text) => BodyMember::Text(text),
            Self::Unclear(fault) => BodyMember::Unclear(*fault),
        }
    }
}

impl From<BodyMember<'_>> for Member {
    fn from(member: BodyMember<'_>) -> Self {
        match member {
            BodyMember::Integer(number) => Self::Integer(number),
            BodyMember::Text(text) => Self::Text(text.to_owned()),
            BodyMember::Unclear(fault) => Self::Unclear(fault),
        }
    }
}

impl From<&Request<'_>> for RequestBuf {
    fn from(request: &Request<'_>) -> Self {
        let header = |header: &Header<'_>| HeaderBuf {
            name: header.name.to_owned(),
            value: header.value.to_owned(),
        };
        let member =
            |(name, member): &(&str, BodyMember<'_>)| ((*name).to_owned(), (*member).into());
        Self {
            method: request.method.to_owned(),
            path: request.path.to_owned(),
            query: request.query.map(str::to_owned),
            content_type: request.content_type.map(str::to_owned),
            headers: request.headers.iter().map(header).collect(),
            caller: request.caller.clone(),
            model: match request.model {
                RequestedModel::Unread => Model::Unread,
                RequestedModel::Absent => Model::Absent,
                RequestedModel::Named(name) => Model::Named(name.to_owned()),
            },
            body_members: request.body_members.iter().map(member).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use signalbox_policy::{Names, Purposes};

    use super::*;

    #[test]
    fn nothing_is_lost_in_the_queue() {
        let caller = Caller {
            id: "k".into(),
            purposes: Purposes::from_bits(5),
            scopes: vec!["inference:chat".into()],
            labels: vec![("team".into(), "search".into())],
            models: Names::All,
            published: Names::Only(vec!["agent*".into()]),
            datasets: Names::NONE,
        };
        let headers = [Header {
            name: "x-trace",
            value: b"\xff\x00",
        }];
        for model in [
            RequestedModel::Unread,
            RequestedModel::Absent,
            RequestedModel::Named("m"),
        ] {
            let request = Request {
                method: "POST",
                path: "/v1/chat/completions",
                query: Some("a=b"),
                content_type: Some("application/json"),
                headers: &headers,
                caller: &caller,
                model,
                body_members: &[
                    ("n", BodyMember::Integer(3)),
                    ("user", BodyMember::Text("u")),
                    ("stop", BodyMember::Unclear(BodyMemberFault::OtherType)),
                ],
            };
            RequestBuf::from(&request).view(|view| assert_eq!(*view, request));
        }
    }
}
