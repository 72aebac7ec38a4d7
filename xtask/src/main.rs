//! The project's own chores, as `cargo xtask COMMAND`.
//!
//! | command | does |
//! | --- | --- |
//! | `test` | installs what is missing, then runs every check and every test |

mod test;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The project's own chores", version)]
enum Command {
    /// Run every check and every test; installs what they need and is missing
    Test(test::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Test(arguments) => test::run(&arguments),
    }
}
