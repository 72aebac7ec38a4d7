//! Registries that want to know who asks.

use signalbox_registry::{Login, Part, PullError, Registry};

use crate::server::{Asked, Reply, Server, Stored, Then};

const PASSWORD: &str = "hunter2";
/// `fleet:hunter2`
const BASIC: &str = "Basic ZmxlZXQ6aHVudGVyMg==";

fn login(registries: &[&Server]) -> Option<Login> {
    Some(Login {
        user: "fleet".into(),
        password: PASSWORD.into(),
        registries: registries.iter().map(|one| one.place()).collect(),
    })
}

/// Asks `server` as `fleet`, who may log in there, and knows `others` as plaintext.
fn asking(server: &Server, others: &[&Server]) -> Registry {
    let mut settings = server.settings();
    settings
        .plaintext
        .extend(others.iter().map(|other| other.place()));
    settings.login = login(&[server]);
    Registry::new(settings).unwrap()
}

fn refuse(challenge: &str) -> Reply {
    Reply::new(
        401,
        &[("www-authenticate", challenge)],
        b"{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}",
    )
}

/// A registry that gives `stored` to who shows `expected`.
async fn guarded(stored: Stored, challenge: String, expected: &'static str) -> Server {
    Server::start(move |asked| match asked.header("authorization") {
        Some(shown) if shown == expected => stored.reply(asked),
        _ => refuse(&challenge),
    })
    .await
}

async fn tokens(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Server, String) {
    let server = Server::start(reply).await;
    let challenge = format!(
        "Bearer realm=\"http://{}/token?x=y\",service=\"the registry\",scope=\"repository:a:push\"",
        server.place()
    );
    (server, challenge)
}

fn json(body: &'static str) -> Reply {
    Reply::new(
        200,
        &[("content-type", "application/json")],
        body.as_bytes(),
    )
}

#[tokio::test]
async fn a_password_is_shown_once_it_is_asked_for() {
    let server = guarded(
        Stored::new(b"a component"),
        "Basic realm=\"x\"".into(),
        BASIC,
    )
    .await;
    let registry = asking(&server, &[]);
    assert_eq!(
        registry.pull(&server.reference()).await.unwrap().component,
        b"a component"
    );
    let shown: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.header("authorization").map(str::to_owned))
        .collect();
    let basic = Some(BASIC.to_owned());
    assert_eq!(shown, [None, basic.clone(), basic]);
    registry.look(&server.reference()).await.unwrap();
}

#[tokio::test]
async fn a_token_is_fetched_for_pulling_alone() {
    let (service, challenge) = tokens(|_| json(r#"{"token": "t0k3n", "expires_in": 60}"#)).await;
    let server = guarded(Stored::new(b"a component"), challenge, "Bearer t0k3n").await;
    let pulled = asking(&server, &[&service])
        .pull(&server.reference())
        .await
        .unwrap();
    assert_eq!(pulled.component, b"a component");
    assert_eq!(
        service.lines(),
        ["GET /token?x=y&scope=repository%3Apolicies%2Flitellm%3Apull&service=the%20registry"]
    );
    assert_eq!(service.asked()[0].header("authorization"), Some(BASIC));
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| asked.header("authorization") != Some(BASIC))
    );
}

#[tokio::test]
async fn a_token_is_fetched_without_a_login_too() {
    let (service, challenge) = tokens(|_| json(r#"{"access_token": "t0k3n"}"#)).await;
    let server = guarded(Stored::new(b"a component"), challenge, "Bearer t0k3n").await;
    let mut settings = server.settings();
    settings.plaintext.push(service.place());
    let registry = Registry::new(settings).unwrap();
    assert_eq!(
        registry.pull(&server.reference()).await.unwrap().component,
        b"a component"
    );
    assert_eq!(service.asked()[0].header("authorization"), None);
}

#[tokio::test]
async fn the_password_goes_to_no_registry_it_is_not_for() {
    let own = guarded(Stored::new(b"a component"), "Basic".into(), BASIC).await;
    let (service, challenge) = tokens(|_| refuse("Basic")).await;
    for challenge in ["Basic".to_owned(), challenge] {
        let other = guarded(Stored::new(b"a component"), challenge, BASIC).await;
        let mut settings = own.settings();
        settings.plaintext.extend([other.place(), service.place()]);
        settings.login = login(&[&own]);
        let registry = Registry::new(settings).unwrap();
        let error = registry.pull(&other.reference()).await.unwrap_err();
        assert!(matches!(error, PullError::LoginNeeded), "{error:?}");
        assert!(
            other
                .asked()
                .iter()
                .all(|asked| asked.header("authorization").is_none())
        );
    }
    assert!(
        service
            .asked()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[tokio::test]
async fn the_password_goes_to_no_token_service_without_tls() {
    let (service, challenge) = tokens(|_| json(r#"{"token": "t0k3n"}"#)).await;
    let server = guarded(Stored::new(b"a component"), challenge, "Bearer t0k3n").await;
    let error = asking(&server, &[])
        .pull(&server.reference())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, PullError::Plaintext(place) if *place == service.place()),
        "{error:?}"
    );
    assert_eq!(service.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_service_is_not_followed_elsewhere() {
    let elsewhere = Server::start(|_| json(r#"{"token": "t0k3n"}"#)).await;
    let to = format!("http://{}/token", elsewhere.place());
    let (service, challenge) = tokens(move |_| Reply::new(307, &[("location", &to)], b"")).await;
    let server = guarded(Stored::new(b"a component"), challenge, "Bearer t0k3n").await;
    let error = asking(&server, &[&service, &elsewhere])
        .pull(&server.reference())
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::Status(307)), "{error:?}");
    assert_eq!(elsewhere.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    for body in [
        "",
        "{}",
        "[]",
        r#"{"token": 1}"#,
        r#"{"token": null}"#,
        // A header cannot hold it; it must not split one either.
        r#"{"token": "a\r\nx-more: b"}"#,
        r#"{"token": "a\u0000b"}"#,
        "<!doctype html>",
    ] {
        let (service, challenge) = tokens(move |_| json(body)).await;
        let server = guarded(Stored::new(b"a component"), challenge, "Bearer t0k3n").await;
        let error = asking(&server, &[&service])
            .pull(&server.reference())
            .await
            .unwrap_err();
        assert!(matches!(error, PullError::Token), "{body}: {error:?}");
        assert_eq!(server.lines().len(), 1);
    }
}

#[tokio::test]
async fn an_endless_token_is_not_read_on() {
    let (service, challenge) =
        tokens(|_| Reply::head(200, &[]).and(b"{\"token\": \"", Then::Repeat(&[b'a'; 4096]))).await;
    let server = guarded(Stored::new(b"a component"), challenge, "").await;
    let error = asking(&server, &[&service])
        .pull(&server.reference())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            PullError::MoreBytes {
                part: Part::Token,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_login_that_is_not_taken_is_told_from_one_that_may_not() {
    let (service, challenge) = tokens(|_| refuse("Basic")).await;
    let server = guarded(Stored::new(b"a component"), challenge, "").await;
    let error = asking(&server, &[&service])
        .pull(&server.reference())
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::LoginRefused), "{error:?}");

    let server = guarded(Stored::new(b"a component"), "Basic".into(), "").await;
    let error = asking(&server, &[])
        .pull(&server.reference())
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::LoginRefused), "{error:?}");
    assert_eq!(server.lines().len(), 2, "asked once more, not for ever");
    let error = server.pull().await.unwrap_err();
    assert!(matches!(error, PullError::LoginNeeded), "{error:?}");

    let (service, challenge) = tokens(|_| json(r#"{"token": "t0k3n"}"#)).await;
    let server = guarded(Stored::new(b"a component"), challenge, "").await;
    let error = asking(&server, &[&service])
        .pull(&server.reference())
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::Denied), "{error:?}");
    assert_eq!((server.lines().len(), service.lines().len()), (2, 1));

    for challenge in ["Negotiate", "Digest realm=\"x\"", ""] {
        let server = guarded(Stored::new(b"a component"), challenge.into(), "").await;
        let error = asking(&server, &[])
            .pull(&server.reference())
            .await
            .unwrap_err();
        assert!(matches!(error, PullError::Challenge), "{error:?}");
    }
}

#[tokio::test]
async fn a_password_can_change_without_a_new_registry() {
    let server = guarded(Stored::new(b"a component"), "Basic".into(), BASIC).await;
    let anonymous = Registry::new(server.settings()).unwrap();
    assert!(anonymous.pull(&server.reference()).await.is_err());
    let registry = anonymous.with_login(login(&[&server])).unwrap();
    assert!(registry.pull(&server.reference()).await.is_ok());
}

#[tokio::test]
async fn no_message_repeats_a_password_or_a_token() {
    let (service, challenge) = tokens(|_| json(r#"{"token": "t0k3n"}"#)).await;
    let mut said = String::new();
    for challenge in [challenge, "Basic".into()] {
        let server = guarded(Stored::new(b"a component"), challenge, "").await;
        let registry = asking(&server, &[&service]);
        let error = registry.pull(&server.reference()).await.unwrap_err();
        let settings = server.settings();
        said.push_str(&format!(
            "{error} {error:?} {registry:?} {settings:?} {}",
            error.help()
        ));
    }
    said.push_str(&format!("{:?}", login(&[])));
    for secret in [PASSWORD, "ZmxlZXQ6aHVudGVyMg", "t0k3n"] {
        assert!(!said.contains(secret), "{said}");
    }
    assert!(said.contains("fleet"), "who asks is no secret: {said}");
}
