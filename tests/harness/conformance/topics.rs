//! One test for each file of exchanges, so that they run side by side; and one that no file is left out.

/// Makes a test of each file: it calls the function with the file's name.
#[macro_export]
macro_rules! every_topic {
    ($play:path) => {
        $crate::every_topic! {
            $play;
            announced answers audio_images bases bases_routes browsers budgets chat connections
            conversation_ids conversations datasets embeddings form_tricks forms head head_routes
            headers http2 idle ids json_refusals json_tricks limited limits listed_models methods
            model_rules models purposes refusals_body refusals_key refusals_policy refusals_request
            refusals_route refusals_target refusals_upstream scopes stream_cuts stream_events
            streams swaps swaps_between timeouts unreachable upstream_routes
        }
    };
    ($play:path; $($topic:ident)*) => {
        $(#[test]
        fn $topic() {
            $play(stringify!($topic));
        })*

        #[test]
        fn every_file_is_played() {
            assert_eq!($crate::conformance::names(), [$(stringify!($topic)),*]);
        }
    };
}
