//! What the versions of the contract have alike. Their types are of different modules, so this is
//! written once and put into both.

/// Conversions of the types that every version has, between `own` and `wit`.
macro_rules! alike {
    () => {
        /// The headers that were asked for.
        pub(crate) fn headers<'x>(lowered: &'x Lowered<'_>) -> Vec<wit::HeaderParam<'x>> {
            let header = |header: &own::Header<'x>| wit::HeaderParam {
                name: header.name,
                value: header.value,
            };
            lowered.headers.iter().map(header).collect()
        }

        fn caller<'x>(lowered: &'x Lowered<'_>) -> wit::Caller<'x> {
            let caller = lowered.request.caller;
            wit::Caller {
                id: &caller.id,
                purposes: purposes(caller.purposes),
                scopes: &lowered.scopes,
                labels: &lowered.labels,
                models: allowance(&lowered.models),
                published: allowance(&lowered.published),
                datasets: allowance(&lowered.datasets),
            }
        }

        fn allowance<'x>(list: &'x List<'_>) -> wit::Allowance<'x> {
            match list {
                List::Unasked => wit::Allowance::Unasked,
                List::All => wit::Allowance::All,
                List::Only(names) => wit::Allowance::Only(names),
            }
        }

        const fn requested(model: own::RequestedModel<'_>) -> wit::RequestedModel<'_> {
            match model {
                own::RequestedModel::Unread => wit::RequestedModel::Unread,
                own::RequestedModel::Absent => wit::RequestedModel::Absent,
                own::RequestedModel::Named(name) => wit::RequestedModel::Named(name),
            }
        }

        /// Slices of constants: a caller's purposes cross at every decision.
        pub(super) const fn purposes(purposes: own::Purposes) -> &'static [wit::Purpose] {
            use wit::Purpose::{Conversation, Inference, Upload};
            match purposes.bits() {
                0b001 => &[Inference],
                0b010 => &[Upload],
                0b011 => &[Inference, Upload],
                0b100 => &[Conversation],
                0b101 => &[Inference, Conversation],
                0b110 => &[Upload, Conversation],
                0b111 => &[Inference, Upload, Conversation],
                _ => &[],
            }
        }

        pub(super) const fn purpose(purpose: wit::Purpose) -> own::Purpose {
            match purpose {
                wit::Purpose::Inference => own::Purpose::Inference,
                wit::Purpose::Upload => own::Purpose::Upload,
                wit::Purpose::Conversation => own::Purpose::Conversation,
            }
        }

        const fn verdict(verdict: wit::Verdict) -> own::Verdict {
            match verdict {
                wit::Verdict::Native => own::Verdict::Native,
                wit::Verdict::GtExtension => own::Verdict::GtExtension,
                wit::Verdict::NotSupported => own::Verdict::NotSupported,
            }
        }

        const fn model_source(source: wit::ModelSource) -> own::ModelSource {
            match source {
                wit::ModelSource::None => own::ModelSource::None,
                wit::ModelSource::Json => own::ModelSource::Json,
                wit::ModelSource::Multipart => own::ModelSource::Multipart,
            }
        }

        fn wants(wants: wit::Wants) -> own::Wants {
            own::Wants {
                labels: wants.contains(wit::Wants::LABELS),
                models: wants.contains(wit::Wants::MODELS),
                published: wants.contains(wit::Wants::PUBLISHED),
                datasets: wants.contains(wit::Wants::DATASETS),
            }
        }

        fn header(header: wit::HeaderResult) -> own::HeaderBuf {
            let wit::HeaderResult { name, value } = header;
            own::HeaderBuf { name, value }
        }

        fn list_mode(mode: wit::ListMode) -> own::ListMode {
            match mode {
                wit::ListMode::Catalogue => own::ListMode::Catalogue,
                wit::ListMode::Upstream => own::ListMode::Upstream,
                wit::ListMode::Only(names) => own::ListMode::Only(names),
            }
        }

        fn refusal(refusal: wit::Refusal) -> own::Refusal {
            let wit::Refusal {
                status,
                code,
                message,
                param,
                reason,
            } = refusal;
            own::Refusal {
                status,
                code,
                message,
                param,
                reason,
            }
        }
    };
}
