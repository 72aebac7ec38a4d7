//! Runs a program that must come to an end: after its time it is killed, and that is an error.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

/// What it prints, on both streams one after the other, if it ends well and in time.
pub(super) fn output(command: &mut Command, most: Duration) -> anyhow::Result<String> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {shown}"))?;
    // Read beside each other, or one that prints much would wait for us while we wait for it.
    let (said, complained) = (read(child.stdout.take()), read(child.stderr.take()));
    // One that is killed may leave children behind that hold the streams open: they are not awaited.
    let Some(status) = wait(&mut child, most)? else {
        bail!("{shown} did not end within {} s", most.as_secs());
    };
    let text = said.join().unwrap_or_default() + &complained.join().unwrap_or_default();
    if !status.success() {
        bail!("{shown} ended with {status}: {}", text.trim());
    }
    Ok(text)
}

fn read(stream: Option<impl std::io::Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// How it ended, or `None` if it had to be killed.
pub(super) fn wait(
    child: &mut Child,
    most: Duration,
) -> anyhow::Result<Option<std::process::ExitStatus>> {
    let deadline = Instant::now() + most;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_are_read_however_much_comes() {
        let script =
            "head -c 300000 /dev/zero | tr '\\0' a; head -c 300000 /dev/zero | tr '\\0' b >&2";
        let text = output(&mut shell(script), Duration::from_secs(60)).unwrap();
        assert_eq!(text.len(), 600_000);
        assert!(text.starts_with('a') && text.ends_with('b'));
    }

    #[test]
    fn one_that_fails_is_an_error_with_its_words() {
        let error = output(
            &mut shell("echo no room >&2; exit 3"),
            Duration::from_secs(60),
        );
        assert_eq!(
            error.unwrap_err().to_string(),
            "sh ended with exit status: 3: no room"
        );
    }

    #[test]
    fn one_that_does_not_end_is_killed() {
        let error = output(&mut shell("exec sleep 600"), Duration::ZERO);
        assert_eq!(error.unwrap_err().to_string(), "sh did not end within 0 s");
    }
}
