//! What a runbook says of the client it is for: for people and tools, and no part of a decision.

use crate::presets::Preset;

/// The client a policy is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// Its name, as its users know it.
    pub name: String,
    /// What kind of program it is.
    pub category: Option<Category>,
    /// How far it goes without help.
    pub compatibility: Option<Compatibility>,
    /// The preset its keys are made with.
    pub preset: Option<Preset>,
    /// What to enter in it.
    pub setup: Vec<String>,
    /// What does not work as one may expect.
    pub caveats: Vec<String>,
    /// Where the usual instructions do not hold.
    pub corrections: Vec<String>,
}

/// What kind of program a client is, as GT's runbooks sort them.
///
/// Exhaustive on purpose: GT's runbooks know these four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Code that calls the API itself.
    SdkAndHttp,
    /// A library between an application and the API.
    FrameworkAndOrchestration,
    /// A program in which people put applications together.
    WorkflowAndBuilders,
    /// An editor, or an agent at a developer's side.
    DeveloperTooling,
}

impl Category {
    /// Every category, in the order of GT's runbooks.
    pub const ALL: [Self; 4] = [
        Self::SdkAndHttp,
        Self::FrameworkAndOrchestration,
        Self::WorkflowAndBuilders,
        Self::DeveloperTooling,
    ];

    /// The word in a document.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SdkAndHttp => "sdk_and_http",
            Self::FrameworkAndOrchestration => "framework_and_orchestration",
            Self::WorkflowAndBuilders => "workflow_and_builders",
            Self::DeveloperTooling => "developer_tooling",
        }
    }
}

/// How far a client goes with GT, as GT's runbooks say it.
///
/// Exhaustive on purpose: GT's runbooks know these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compatibility {
    /// It takes another base URL, and its own calls work.
    Native,
    /// The same, and its applications call GT's own routes besides.
    OpenaiPlusGtExtensions,
    /// It is set up by hand, and has to be tried out.
    Guided,
}

impl Compatibility {
    /// Each of them, in the order of GT's runbooks.
    pub const ALL: [Self; 3] = [Self::Native, Self::OpenaiPlusGtExtensions, Self::Guided];

    /// The word in a document.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::OpenaiPlusGtExtensions => "openai_plus_gt_extensions",
            Self::Guided => "guided",
        }
    }
}
