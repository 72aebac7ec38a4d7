//! A contender and all processes below it: their processor time, and signals to all of them.
//!
//! Each contender has a process group of its own. A watcher beside us ends the groups that are left
//! when we end, however we do: interrupted, killed, or by an error.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;

use super::bounded;

/// Ends what is left of us. It waits for the end of its input, which our death closes.
#[derive(Debug)]
pub(super) struct Watcher {
    process: Child,
    groups: Option<ChildStdin>,
}

impl Watcher {
    /// The folder goes too, once all have ended.
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        let mut process = Command::new("sh")
            .args(["-c", WATCH, "watcher"])
            .arg(folder)
            // Ctrl-C in a terminal goes to our group, and must not reach it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start sh")?;
        let groups = process.stdin.take();
        Ok(Self { process, groups })
    }

    pub(super) fn take_care_of(&mut self, group: u32) -> anyhow::Result<()> {
        let groups = self.groups.as_mut().context("the watcher has no input")?;
        writeln!(groups, "{group}").context("the watcher is gone")
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.groups.take());
        let _ = bounded::wait(&mut self.process, Duration::from_secs(30));
    }
}

const WATCH: &str = "
    groups=
    while read -r group; do groups=\"$groups -$group\"; done
    for signal in CONT TERM; do kill -s $signal -- $groups; done
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        left=
        for group in $groups; do kill -s 0 -- $group && left=yes; done
        test \"$left\" || break
        sleep 0.5
    done
    kill -s KILL -- $groups
    rm -rf \"$1\"";

/// Sends a signal to a whole group; one that is gone needs none.
pub(super) fn signal(group: u32, name: &str) {
    let _ = Command::new("kill")
        .args(["-s", name, "--", &format!("-{group}")])
        .stderr(Stdio::null())
        .status();
}

/// User and system time that a process and all below it have spent so far. Zero without `/proc`.
pub(super) fn processor_time(root: u32) -> Duration {
    let processes: HashMap<u64, Spent> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| read(&fs::read_to_string(entry.ok()?.path().join("stat")).ok()?))
        .collect();
    let ticks: u64 = processes
        .iter()
        .filter(|(own, _)| is_below(**own, u64::from(root), &processes))
        .map(|(_, spent)| spent.ticks)
        .sum();
    Duration::from_millis(ticks * MILLISECONDS_PER_TICK)
}

#[derive(Debug, PartialEq)]
struct Spent {
    parent: u64,
    ticks: u64,
}

fn is_below(own: u64, root: u64, processes: &HashMap<u64, Spent>) -> bool {
    let mut at = own;
    // Processes come and go while they are read, so that a loop cannot be ruled out.
    for _ in 0..64 {
        if at == root {
            return true;
        }
        let Some(process) = processes.get(&at) else {
            return false;
        };
        at = process.parent;
    }
    false
}

/// Of a line of `/proc/PID/stat`: the number, and what it has spent.
fn read(stat: &str) -> Option<(u64, Spent)> {
    let (own, rest) = stat.split_once(' ')?;
    // The name is in brackets and may hold anything. What follows it: state, parent, and so on.
    let fields: Vec<&str> = rest.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let spent = Spent {
        parent: field(1)?,
        ticks: field(11)? + field(12)?,
    };
    Some((own.parse().ok()?, spent))
}

/// The kernel counts in hundredths of a second, whatever its own clock does.
const MILLISECONDS_PER_TICK: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "71 (a) b (c)) S 70 71 71 0 -1 4194560 1 2 3 4 25 17 900 900 20 0 1 0 5 6 7";

    #[test]
    fn stat_is_read_whatever_the_name_holds() {
        let spent = Spent {
            parent: 70,
            ticks: 42,
        };
        assert_eq!(read(STAT), Some((71, spent)));
        assert_eq!(read("71 (cut"), None);
    }

    #[test]
    fn children_of_children_belong_and_others_do_not() {
        let process = |own: u64, parent: u64| (own, Spent { parent, ticks: 1 });
        let all = [
            process(2, 1),
            process(3, 2),
            process(4, 1),
            process(8, 9),
            process(9, 8),
        ]
        .into();
        let below: Vec<bool> = [2, 3, 4, 8].map(|own| is_below(own, 2, &all)).into();
        assert_eq!(below, [true, true, false, false]);
    }

    #[test]
    fn groups_are_ended_when_their_watcher_is_dropped() {
        let folder = std::env::temp_dir().join(format!("watched-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut sleeper = Command::new("sleep");
        let mut child = sleeper.arg("600").process_group(0).spawn().unwrap();
        let group = child.id();
        signal(group, "STOP");
        let ended = std::thread::spawn(move || child.wait().unwrap());
        let mut watcher = Watcher::new(&folder).unwrap();
        watcher.take_care_of(group).unwrap();
        drop(watcher);
        assert!(!ended.join().unwrap().success());
        assert!(!folder.exists());
    }
}
