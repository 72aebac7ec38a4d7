//! One test for each file of exchanges, so that they run side by side; and one that no file is left out.

/// Makes a test of each file: it calls the function with the file's name.
#[macro_export]
macro_rules! every_topic {
    ($play:path) => {
        $crate::every_topic! {
            $play;
            announced audio_images bases browsers budgets chat connections conversations datasets
            embeddings forms head headers http2 idle limited limits listed_models models
            refusals_body refusals_key refusals_policy refusals_request refusals_route
            refusals_target refusals_upstream streams swaps timeouts unreachable
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
