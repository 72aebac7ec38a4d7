//! Which doors are measured, beside what, and how much each may take.

use super::{
    super::{peers::Making, plan::Plan},
    plans,
    programs::Programs,
};

/// A proxy, with the gate or without.
#[derive(Debug)]
pub(in crate::bench) struct Door {
    pub(in crate::bench) name: &'static str,
    /// The proxy without the gate.
    pub(in crate::bench) bare: Option<&'static str>,
    /// The most that a request may take, in terms of the bare proxy's.
    pub(in crate::bench) bar: Option<f64>,
    plan: Make,
}

impl Door {
    /// Says how it is started.
    pub(in crate::bench) fn plan(
        &self,
        making: &mut Making<'_>,
        programs: &Programs,
    ) -> anyhow::Result<Plan> {
        let mut plan = (self.plan)(making, programs)?;
        self.name.clone_into(&mut plan.name);
        Ok(plan)
    }
}

/// In the order of the table.
pub(in crate::bench) const DOORS: [Door; 8] = [
    bare("Signalbox", plans::host),
    bare("hyper", plans::hyper),
    door(
        "hyper with the layer",
        "hyper",
        Some(1.2),
        plans::hyper_with_layer,
    ),
    bare("Envoy", plans::envoy),
    door(
        "Envoy with the module",
        "Envoy",
        Some(1.35),
        plans::envoy_with_module,
    ),
    door(
        "Envoy with ext-proc",
        "Envoy",
        Some(3.0),
        plans::envoy_with_ext_proc,
    ),
    bare("nginx", plans::nginx),
    door("nginx with njs", "nginx", None, plans::nginx_with_njs),
];

type Make = fn(&mut Making<'_>, &Programs) -> anyhow::Result<Plan>;

const fn bare(name: &'static str, plan: Make) -> Door {
    Door {
        name,
        bare: None,
        bar: None,
        plan,
    }
}

const fn door(name: &'static str, bare: &'static str, bar: Option<f64>, plan: Make) -> Door {
    Door {
        name,
        bare: Some(bare),
        bar,
        plan,
    }
}
