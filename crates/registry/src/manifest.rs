//! What a manifest says of the component, as far as it is a component's manifest at all.

use oci_spec::image::{Descriptor, ImageManifest};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::answer::{Answer, shown};
use crate::digest::ManifestDigest;
use crate::error::PullError;

/// The annotation, of a manifest or its layer, that holds a statement: the DSSE envelope of who
/// vouches for the component, as JSON.
pub const STATEMENT: &str = "dev.signalbox.statement";

/// What is asked for, indexes too: a registry that has only an index is to say so.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// A component, not pulled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Artifact {
    pub(crate) digest: ManifestDigest,
    pub(crate) size: u64,
    pub(crate) statement: Option<Vec<u8>>,
}

impl Artifact {
    pub(crate) fn of(answer: &Answer) -> Result<Self, PullError> {
        let content_type = answer.content_type();
        let other = || PullError::NotAManifest(shown(content_type.unwrap_or("nothing known")));
        let shape: Shape = serde_json::from_slice(&answer.body).map_err(|_| other())?;
        match shape.kind(content_type) {
            Some(Kind::Image) => {}
            Some(Kind::Index) => return Err(PullError::Index),
            None => return Err(other()),
        }
        let manifest: ImageManifest = serde_json::from_slice(&answer.body).map_err(|_| other())?;
        if manifest.schema_version() != 2 {
            return Err(other());
        }
        Self::in_manifest(&manifest)
    }

    fn in_manifest(manifest: &ImageManifest) -> Result<Self, PullError> {
        let layers = manifest.layers().iter();
        let components: Vec<&Descriptor> = layers
            .filter(|layer| COMPONENT.contains(&layer.media_type().to_string().as_str()))
            .collect();
        let &[layer] = components.as_slice() else {
            return Err(PullError::Layers(components.len()));
        };
        // Its `urls`, if it has some, are not looked at: they lead to wherever its author liked.
        let digest = ManifestDigest::read(layer.digest().as_ref()).ok_or(PullError::LayerDigest)?;
        let annotations = [manifest.annotations(), layer.annotations()];
        let [of_manifest, of_layer] = annotations.map(|all| all.as_ref()?.get(STATEMENT));
        if of_manifest.is_some() && of_layer.is_some() && of_manifest != of_layer {
            return Err(PullError::Statements);
        }
        Ok(Self {
            digest,
            size: layer.size(),
            statement: of_manifest
                .or(of_layer)
                .map(|text| text.clone().into_bytes()),
        })
    }
}

/// What tells an image's manifest from an index. They share their first fields, so a document that
/// has the fields of both, or calls itself what its header does not, could be read as either.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    media_type: Option<String>,
    manifests: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Index,
}

impl Shape {
    fn kind(&self, content_type: Option<&str>) -> Option<Kind> {
        let by_fields = match (self.layers.is_some(), self.manifests.is_some()) {
            (true, false) => Kind::Image,
            (false, true) => Kind::Index,
            _ => return None,
        };
        let by_itself = self.media_type.as_deref();
        // A registry that knows no better says JSON.
        let by_header = content_type.filter(|said| *said != "application/json");
        let agrees = |said: Option<&str>| said.is_none_or(|said| Kind::of(said) == Some(by_fields));
        (agrees(by_itself) && agrees(by_header)).then_some(by_fields)
    }
}

impl Kind {
    fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/vnd.oci.image.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v2+json" => Some(Self::Image),
            "application/vnd.oci.image.index.v1+json"
            | "application/vnd.docker.distribution.manifest.list.v2+json" => Some(Self::Index),
            _ => None,
        }
    }
}

/// What layers of components are called: today, and by tools from before there was an agreement.
const COMPONENT: [&str; 2] = [
    "application/wasm",
    "application/vnd.wasm.content.layer.v1+wasm",
];
