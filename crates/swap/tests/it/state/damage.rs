//! What is not what was written is refused, and said.

use std::fs;

use proptest::prelude::*;
use signalbox_runtime::Digest;
use signalbox_swap::{Damage, FileError, Remembered, State, StateError};

use super::{causes, component, folder, open, remembered};

fn damage(state: &State) -> Damage {
    match state.read() {
        Err(StateError::Damaged { damage, .. }) => damage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_prefix_and_no_flipped_bit_of_the_state_is_read() {
    let root = folder();
    let state = open(&root);
    // Small, for there is a file for every bit of it.
    let small = Remembered {
        last_generation: 7,
        ..Remembered::default()
    };
    state.write(&small).unwrap();
    let path = root.path().join("state/state.json");
    let whole = fs::read(&path).unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&whole).is_ok());

    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(damage(&state), Damage::Cut), "{length} bytes");
    }
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        damage(&state);
    }
    for end in ["\n", " ", "}", "{}"] {
        fs::write(&path, [&whole, end.as_bytes()].concat()).unwrap();
        damage(&state);
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(state.read().unwrap(), small);
}

#[test]
fn no_prefix_and_no_flipped_bit_of_a_component_is_read() {
    let root = folder();
    let state = open(&root);
    let whole = component(1);
    let digest = state.keep(&whole).unwrap();
    let path = root.path().join(format!("state/objects/{digest}.wasm"));
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = state.component(&digest).unwrap_err();
        assert!(matches!(error, StateError::ObjectDamaged { .. }), "{error}");
        assert!(error.to_string().contains(&digest.to_string()));
    };
    (0..whole.len()).for_each(|length| refused(&whole[..length]));
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refused(&flipped);
    }
    refused(&[&whole[..], b" "].concat());

    // Kept again, it is whole again.
    state.keep(&whole).unwrap();
    assert_eq!(state.component(&digest).unwrap(), whole);
}

#[test]
fn a_component_under_the_name_of_another_is_refused() {
    let root = folder();
    let state = open(&root);
    let [one, two] = [1, 2].map(|number| state.keep(&component(number)).unwrap());
    let path = |digest: Digest| root.path().join(format!("state/objects/{digest}.wasm"));
    fs::copy(path(one), path(two)).unwrap();
    assert!(matches!(
        state.component(&two),
        Err(StateError::ObjectDamaged { .. })
    ));
    assert_eq!(state.component(&one).unwrap(), component(1));
}

#[test]
fn the_state_of_another_folder_is_refused_and_named_as_such() {
    let [here, there] = [folder(), folder()];
    for root in [&here, &there] {
        open(root).write(&remembered(1)).unwrap();
    }
    let file = |root: &tempfile::TempDir| root.path().join("state/state.json");
    fs::copy(file(&there), file(&here)).unwrap();
    let error = open(&here).read().unwrap_err();
    assert_eq!(
        causes(&error),
        format!(
            "`{}` cannot be used: it was written with another key than the one beside it",
            file(&here).display()
        )
    );
    assert!(
        error
            .help()
            .starts_with("copy `key` together with `state.json`")
    );
    // The folder as a whole can move.
    let moved = here.path().join("moved");
    fs::rename(there.path().join("state"), &moved).unwrap();
    let moved = State::open(&moved).unwrap();
    assert_eq!(moved.read().unwrap(), remembered(1));
}

#[test]
fn a_key_that_is_gone_or_cut_is_not_made_anew_over_state_that_needs_it() {
    let root = folder();
    open(&root).write(&remembered(1)).unwrap();
    let folder = root.path().join("state");
    let key = fs::read(folder.join("key")).unwrap();
    for length in 0..32 {
        fs::write(folder.join("key"), &key[..length]).unwrap();
        let error = State::open(&folder).unwrap_err();
        assert!(
            matches!(error, StateError::File(FileError::KeyDamaged { .. })),
            "{error}"
        );
    }
    fs::remove_file(folder.join("key")).unwrap();
    let error = State::open(&folder).unwrap_err();
    assert!(matches!(error, StateError::KeyMissing { .. }), "{error}");
    assert!(error.help().contains("revoked"), "what starting over costs");
    assert!(!folder.join("key").exists());

    fs::remove_file(folder.join("state.json")).unwrap();
    assert_eq!(open(&root).read().unwrap(), Remembered::default());
}

#[test]
fn a_state_that_is_gone_is_not_begun_anew_beside_its_key() {
    let root = folder();
    let folder = root.path().join("state");
    // Also one that was opened and never written: nobody could tell the two apart.
    for write in [true, false] {
        let state = open(&root);
        if write {
            state.write(&remembered(1)).unwrap();
        }
        drop(state);
        let before = fs::read(folder.join("state.json")).unwrap();
        fs::remove_file(folder.join("state.json")).unwrap();
        for error in [
            State::open(&folder).unwrap_err(),
            State::preview(&folder).unwrap_err(),
        ] {
            assert!(matches!(error, StateError::StateMissing { .. }), "{error}");
            assert!(error.help().contains("revoked"), "what starting over costs");
        }
        assert!(!folder.join("state.json").exists());
        fs::write(folder.join("state.json"), before).unwrap();
        fs::set_permissions(
            folder.join("state.json"),
            std::os::unix::fs::PermissionsExt::from_mode(0o600),
        )
        .unwrap();
        assert_eq!(open(&root).read().unwrap(), remembered(1));
    }
}

#[test]
fn another_format_is_refused_with_its_number() {
    let root = folder();
    let state = open(&root);
    state.write(&remembered(1)).unwrap();
    let path = root.path().join("state/state.json");
    let newer = fs::read_to_string(&path).unwrap();
    fs::write(&path, newer.replacen("\"format\":1", "\"format\":2", 1)).unwrap();
    assert!(matches!(damage(&state), Damage::OtherFormat(found) if found == "2"));
    let error = state.read().unwrap_err();
    assert!(
        error
            .help()
            .contains("the version of signalbox that wrote it")
    );
}

proptest! {
    // Each makes a folder, and waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_not_sealed_is_not_read(
        bytes in prop_oneof![
            any::<Vec<u8>>(),
            // Past the first checks.
            ".{0,80}".prop_map(|text| format!("{{\"format\":1,\"key\":\"{text}").into_bytes()),
            "[0-9]{0,12}".prop_map(|number| format!("{{\"format\":{number},\"key\":\"").into_bytes()),
        ]
    ) {
        let root = folder();
        let state = open(&root);
        state.write(&remembered(1)).unwrap();
        fs::write(root.path().join("state/state.json"), bytes).unwrap();
        damage(&state);
    }

    #[test]
    fn parts_of_two_states_are_no_state(head in 0_usize..900, tail in 0_usize..900) {
        let root = folder();
        let state = open(&root);
        let path = root.path().join("state/state.json");
        let [one, two] = [1, 2].map(|number| {
            state.write(&remembered(number)).unwrap();
            fs::read(&path).unwrap()
        });
        let spliced = [&one[..head], &two[two.len() - tail..]].concat();
        prop_assume!(spliced != one && spliced != two);
        fs::write(&path, spliced).unwrap();
        damage(&state);
    }
}
