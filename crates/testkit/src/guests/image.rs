//! Values of the contract laid out in a guest's memory, as the canonical ABI has them in each version.

use std::collections::HashMap;

use signalbox_policy::{
    CatalogueEntry, Decision, Description, Forward, ListMode, ModelSource, Purpose, Refusal,
    RouteDescription, RouteIndex, Verdict,
};
use signalbox_runtime::ContractVersion;

/// Where an image starts in memory; below is scratch space.
pub(super) const BASE: u32 = 1024;

/// Bytes that are put at [`BASE`], values after what they point to.
pub(super) struct Image {
    version: ContractVersion,
    /// What 0.1 calls the routes of the description.
    routes: Vec<String>,
    bytes: Vec<u8>,
    /// Where equal strings are: a guest need not have two of them.
    strings: HashMap<Vec<u8>, u32>,
}

impl Image {
    pub(super) fn new(version: ContractVersion, description: &Description) -> Self {
        Self {
            version,
            routes: description
                .routes
                .iter()
                .map(RouteDescription::name)
                .collect(),
            bytes: Vec::new(),
            strings: HashMap::new(),
        }
    }

    fn is_0_1(&self) -> bool {
        self.version == ContractVersion::V0_1
    }

    /// Bytes of an entry of the catalogue.
    pub(super) fn entry_size(&self) -> usize {
        if self.is_0_1() { 24 } else { 40 }
    }

    /// The first address after the image.
    pub(super) fn end(&self) -> u32 {
        BASE + u32::try_from(self.bytes.len()).unwrap()
    }

    /// The image as a string of a WAT data segment.
    pub(super) fn escaped(&self) -> String {
        self.bytes
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect()
    }

    /// Puts a value and gives its address.
    pub(super) fn put(&mut self, value: &[u8]) -> u32 {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
        let address = self.end();
        self.bytes.extend_from_slice(value);
        address
    }

    pub(super) fn decision(&mut self, decision: &Decision) -> u32 {
        let value = match decision {
            Decision::Forward(forward) => join([word(0), self.forward(forward)]),
            Decision::ListModels(mode) => join([word(1), self.list_mode(mode)]),
            Decision::ReadModel => word(2),
            Decision::Refuse(refusal) => join([word(3), self.refusal(refusal)]),
        };
        // A reader may look at the largest case's size.
        let mut value = value;
        value.resize(88, 0);
        self.put(&value)
    }

    pub(super) fn description(&mut self, description: &Description) -> u32 {
        let routes: Vec<_> = description
            .routes
            .iter()
            .map(|route| self.route(route))
            .collect();
        let wants = description.wants;
        let flags = u32::from(wants.labels)
            | u32::from(wants.models) << 1
            | u32::from(wants.published) << 2
            | u32::from(wants.datasets) << 3;
        let value = join([
            self.text(&description.name),
            self.text(&description.version),
            self.list(&routes),
            self.texts(&description.headers),
            word(flags),
            match self.is_0_1() {
                true => Vec::new(),
                false => self.texts(&description.body_members),
            },
            word(description.model_count),
        ]);
        self.put(&value)
    }

    /// Gives the address of the first of the entries.
    pub(super) fn entries(&mut self, entries: &[CatalogueEntry]) -> u32 {
        let values: Vec<_> = entries.iter().map(|entry| self.entry(entry)).collect();
        self.put(&values.concat())
    }

    fn entry(&mut self, entry: &CatalogueEntry) -> Vec<u8> {
        let routes = entry.routes.iter();
        if self.is_0_1() {
            let routes: Vec<_> = routes.map(|index| self.route_name(*index)).collect();
            return join([
                self.text(&entry.name),
                self.text(&entry.published.concat()),
                self.texts(&routes),
            ]);
        }
        let routes: Vec<_> = routes.map(|index| word(index.0)).collect();
        join([
            self.text(&entry.name),
            self.texts(&entry.published),
            word(entry.is_listed.into()),
            self.option(entry.deprecated.as_deref()),
            self.list(&routes),
        ])
    }

    /// What 0.1 calls a route; a name that no description has for a place beyond it.
    fn route_name(&self, index: RouteIndex) -> String {
        let beyond = || format!("POST /v1/beyond/{}", index.0);
        self.routes
            .get(index.place())
            .cloned()
            .unwrap_or_else(beyond)
    }

    fn forward(&mut self, forward: &Forward) -> Vec<u8> {
        let headers: Vec<_> = forward
            .set_headers
            .iter()
            .map(|header| join([self.text(&header.name), self.blob(&header.value)]))
            .collect();
        join([
            match self.is_0_1() {
                true => {
                    let name = self.route_name(forward.route);
                    self.text(&name)
                }
                false => word(forward.route.0),
            },
            self.pairs(&forward.parameters),
            self.option(forward.query.as_deref()),
            self.option(forward.model.as_deref()),
            self.option(forward.response_model.as_deref()),
            match self.is_0_1() {
                true => Vec::new(),
                false => self.option(forward.notice.as_deref()),
            },
            self.list(&headers),
            self.texts(&forward.drop_headers),
            self.pairs(&forward.labels),
        ])
    }

    fn list_mode(&mut self, mode: &ListMode) -> Vec<u8> {
        match mode {
            ListMode::Catalogue => word(0),
            ListMode::Upstream => word(1),
            ListMode::Only(names) => join([word(2), self.texts(names)]),
        }
    }

    fn refusal(&mut self, refusal: &Refusal) -> Vec<u8> {
        join([
            word(refusal.status.into()),
            self.text(&refusal.code),
            self.text(&refusal.message),
            self.option(refusal.param.as_deref()),
            self.text(&refusal.reason),
        ])
    }

    fn route(&mut self, route: &RouteDescription) -> Vec<u8> {
        let verdict = match route.verdict {
            Verdict::Native => 0,
            Verdict::GtExtension => 1,
            Verdict::NotSupported => 2,
        };
        let model = match route.model {
            ModelSource::None => 0,
            ModelSource::Json => 1,
            ModelSource::Multipart => 2,
        };
        let purpose = |purpose: Purpose| Purpose::ALL.iter().position(|p| *p == purpose).unwrap();
        let purposes: Vec<u8> = route
            .purposes
            .iter()
            .map(|p| u8::try_from(purpose(p)).unwrap())
            .collect();
        join([
            self.text(&route.method),
            self.text(&route.template),
            vec![verdict, route.forwarded.into(), 0, 0],
            self.blob(&purposes),
            match self.is_0_1() {
                true => self.texts(&route.scopes.concat()),
                false => self.lists(&route.scopes),
            },
            word(model),
            self.texts(&route.query),
            self.texts(&route.headers),
            self.option(route.reason.as_deref()),
        ])
    }

    fn text(&mut self, text: &str) -> Vec<u8> {
        self.blob(text.as_bytes())
    }

    fn blob(&mut self, bytes: &[u8]) -> Vec<u8> {
        let address = match self.strings.get(bytes) {
            Some(address) => *address,
            None => self.put(bytes),
        };
        self.strings.insert(bytes.to_vec(), address);
        join([word(address), count(bytes.len())])
    }

    fn option(&mut self, text: Option<&str>) -> Vec<u8> {
        match text {
            Some(text) => join([word(1), self.text(text)]),
            None => vec![0; 12],
        }
    }

    fn texts(&mut self, texts: &[String]) -> Vec<u8> {
        let values: Vec<_> = texts.iter().map(|text| self.text(text)).collect();
        self.list(&values)
    }

    fn lists(&mut self, lists: &[Vec<String>]) -> Vec<u8> {
        let values: Vec<_> = lists.iter().map(|texts| self.texts(texts)).collect();
        self.list(&values)
    }

    fn pairs(&mut self, pairs: &[(String, String)]) -> Vec<u8> {
        let values: Vec<_> = pairs
            .iter()
            .map(|(name, value)| join([self.text(name), self.text(value)]))
            .collect();
        self.list(&values)
    }

    fn list(&mut self, values: &[Vec<u8>]) -> Vec<u8> {
        let address = self.put(&values.concat());
        join([word(address), count(values.len())])
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "callers make the parts in place"
)]
fn join<const N: usize>(parts: [Vec<u8>; N]) -> Vec<u8> {
    parts.concat()
}

fn word(value: u32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

fn count(length: usize) -> Vec<u8> {
    word(u32::try_from(length).unwrap())
}
