//! Being sent elsewhere: registries keep components in object stores.

use signalbox_registry::{Login, PullError, Registry, Settings};

use crate::server::{Asked, Reply, Server, Stored};

fn redirect(to: &str) -> Reply {
    Reply::new(307, &[("location", to)], b"")
}

/// A registry that wants a password and keeps its components at `store`.
async fn registry_with(stored: Stored, store: String) -> Server {
    Server::start(move |asked: &Asked| {
        if asked.header("authorization").is_none() {
            return Reply::new(401, &[("www-authenticate", "Basic realm=\"x\"")], b"");
        }
        match asked.is_for("/blobs/") {
            true => redirect(&format!("{store}/bucket/object?signature=5ecre7")),
            false => stored.reply(asked),
        }
    })
    .await
}

fn asking(server: &Server, others: &[&Server]) -> Registry {
    let mut settings = server.settings();
    settings
        .plaintext
        .extend(others.iter().map(|other| other.place()));
    settings.login = Some(Login {
        user: "fleet".into(),
        password: "hunter2".into(),
        registries: vec![server.place()],
    });
    Registry::new(settings).unwrap()
}

#[tokio::test]
async fn a_component_is_fetched_from_a_store_without_the_login() {
    let stored = Stored::new(b"a component");
    let store = Server::start(|_| Reply::new(200, &[], b"a component")).await;
    let server = registry_with(stored, format!("http://{}", store.place())).await;
    let registry = asking(&server, &[&store]);
    let pulled = registry.pull(&server.reference()).await.unwrap();
    assert_eq!(pulled.component, b"a component");
    assert_eq!(store.lines(), ["GET /bucket/object?signature=5ecre7"]);
    let sent: Vec<_> = store.asked()[0]
        .headers
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(sent, ["host", "user-agent", "accept", "connection"]);
    assert_eq!(store.asked()[0].header("host"), Some(&*store.place()));
}

#[tokio::test]
async fn what_a_store_gives_is_no_more_believed_than_a_registry() {
    let store = Server::start(|_| Reply::new(200, &[], b"a cOmponent")).await;
    let server = registry_with(
        Stored::new(b"a component"),
        format!("http://{}", store.place()),
    )
    .await;
    let error = asking(&server, &[&store])
        .pull(&server.reference())
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::Component { .. }), "{error:?}");
}

#[tokio::test]
async fn a_store_cannot_ask_for_the_password() {
    let store =
        Server::start(|_| Reply::new(401, &[("www-authenticate", "Basic realm=\"x\"")], b"")).await;
    // Not even if nobody has been asked for it yet.
    let to = format!("http://{}/x", store.place());
    let server = Server::start(move |_| redirect(&to)).await;
    let error = asking(&server, &[&store])
        .pull(&server.reference())
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::Denied), "{error:?}");
    assert!(
        store
            .asked()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn a_store_that_sends_back_gets_no_login_sent_along() {
    let stored = Stored::new(b"a component");
    let server = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let back = std::sync::Arc::clone(&server);
    let store =
        Server::start(move |_| redirect(&format!("http://{}/v2/_catalog", back.get().unwrap())))
            .await;
    let registry = registry_with(stored, format!("http://{}", store.place())).await;
    server.set(registry.place()).unwrap();
    let error = asking(&registry, &[&store])
        .pull(&registry.reference())
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::Denied), "{error:?}");
    let asked = registry.asked();
    let last = asked.last().unwrap();
    assert_eq!(
        (&*last.line, last.header("authorization")),
        ("GET /v2/_catalog", None)
    );
}

#[tokio::test]
async fn within_a_registry_the_login_goes_along() {
    let stored = Stored::new(b"a component");
    let server = Server::start(move |asked: &Asked| {
        match (
            asked.header("authorization"),
            asked.is_for("/manifests/"),
            asked.is_for("/store/"),
        ) {
            (None, ..) => Reply::new(401, &[("www-authenticate", "Basic realm=\"x\"")], b""),
            (Some(_), true, _) => stored.reply(asked),
            (Some(_), _, true) => Reply::new(200, &[], b"a component"),
            _ => redirect("/store/object"),
        }
    })
    .await;
    let pulled = asking(&server, &[])
        .pull(&server.reference())
        .await
        .unwrap();
    assert_eq!(pulled.component, b"a component");
}

#[tokio::test]
async fn a_loop_of_redirects_ends() {
    let server = Server::start(|asked: &Asked| {
        let path = asked.line.split(' ').nth(1).unwrap();
        redirect(path)
    })
    .await;
    for cause in [
        server.pull().await.unwrap_err().cause(),
        server.look().await.unwrap_err().cause(),
    ] {
        assert_eq!(cause, "redirects");
    }
    assert_eq!(server.lines().len(), 12, "six requests each");
}

#[tokio::test]
async fn nobody_is_spoken_to_without_tls_because_a_registry_says_so() {
    let store = Server::start(|_| Reply::new(200, &[], b"a component")).await;
    let server = registry_with(
        Stored::new(b"a component"),
        format!("http://{}", store.place()),
    )
    .await;
    let error = asking(&server, &[])
        .pull(&server.reference())
        .await
        .unwrap_err();
    let place = store.place();
    assert!(
        matches!(&error, PullError::Plaintext(found) if *found == place),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!("the registry leads to `{place}` without TLS")
    );
    assert!(
        !format!("{error:?}").contains("5ecre7"),
        "its signature is nobody's business"
    );
    assert_eq!(store.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_redirect_to_no_address_is_refused() {
    for to in [
        "",
        "elsewhere",
        "//elsewhere/x",
        "file:///etc/passwd",
        "https://u:p@elsewhere/x",
    ] {
        let server = Server::start(move |_| redirect(to)).await;
        let error = server.pull().await.unwrap_err();
        assert!(matches!(error, PullError::Location), "{to}: {error:?}");
    }
    let server = Server::start(|_| Reply::new(302, &[], b"")).await;
    assert!(matches!(server.pull().await, Err(PullError::Location)));
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let with = |settings: Settings| Registry::new(settings).unwrap_err().to_string();
    let place = vec!["http://registry".to_owned()];
    let message = "`http://registry` is not a host with an optional port";
    assert_eq!(
        with(Settings {
            plaintext: place.clone(),
            ..Settings::default()
        }),
        message
    );
    let login = |user: &str, registries| {
        Some(Login {
            user: user.into(),
            password: "hunter2".into(),
            registries,
        })
    };
    assert_eq!(
        with(Settings {
            login: login("fleet", place),
            ..Settings::default()
        }),
        message
    );
    assert_eq!(
        with(Settings {
            login: login("fl:eet", vec![]),
            ..Settings::default()
        }),
        "a user's name at a registry has no colon"
    );
}
