//! A statement holds in the environments it names, and one that names none where none is configured.

use super::{
    GOLDEN, SignatureError, Signed, Statement, accepted, check_with, release_key, sign, signers,
    statement,
};

/// What a host in this environment says of a statement for those.
fn within(here: Option<&str>, stated: Option<&[&str]>) -> Result<Option<Signed>, SignatureError> {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let statement = Statement {
        environments: stated.map(names),
        ..statement()
    };
    let envelope = sign(&release_key(), "release", &statement);
    let signers = signers().in_environment(here.map(str::to_owned));
    check_with(&signers, &envelope, None)
}

#[test]
fn a_statement_holds_in_the_environments_it_names_alone() {
    let production = Some("production");
    let both: &[&str] = &["staging", "production"];
    for (here, stated) in [
        (None, None),
        (production, Some(&["production"][..])),
        (production, Some(both)),
        (Some("staging"), Some(both)),
    ] {
        assert_eq!(within(here, stated).unwrap(), Some(accepted()), "{here:?}");
    }
    for (here, stated, says) in [
        (
            production,
            Some(&["staging"][..]),
            "the statement is for environment `staging`, and this host is in `production`",
        ),
        (
            production,
            Some(&["Production"]),
            "the statement is for environment `Production`, and this host is in `production`",
        ),
        (
            production,
            Some(&[]),
            "the statement is for no environment at all, and this host is in `production`",
        ),
        (
            production,
            None,
            "the statement names no environment, and this host is in `production`",
        ),
        (
            None,
            Some(both),
            "the statement is for environments `production`, `staging`, and this host is in none",
        ),
        (
            None,
            Some(&[]),
            "the statement is for no environment at all, and this host is in none",
        ),
    ] {
        assert_eq!(within(here, stated).unwrap_err().to_string(), says);
    }
}

#[test]
fn what_to_do_names_the_environment() {
    for stated in [None, Some(&["staging"][..])] {
        let error = within(Some("production"), stated).unwrap_err();
        let help = error.help();
        assert!(
            help.contains("signalbox sign --environment production"),
            "{help}"
        );
    }
    let error = within(None, Some(&["staging"])).unwrap_err();
    assert!(
        error.help().contains("signatures: environment:"),
        "{}",
        error.help()
    );
}

#[test]
fn statements_of_0_1_hold_where_no_environment_is_configured() {
    let bytes = GOLDEN.as_bytes();
    assert!(check_with(&signers(), bytes, None).is_ok());
    let strict = signers().in_environment(Some("production".to_owned()));
    let error = check_with(&strict, bytes, None).unwrap_err();
    assert!(
        matches!(error, SignatureError::NoEnvironment { .. }),
        "{error}"
    );
}
