//! Every case, on each engine, each on a database of its own.

use crate::cluster::Cluster;
use crate::fixture::Fixture;
use crate::{
    consent, exports, fingerprints, goods, imports, judged, mappings, orders, parties, people, refresh, reports,
    timeline,
};

enum Where<'a> {
    Sqlite,
    Postgres(&'a Cluster),
}

macro_rules! cases {
    ($($module:ident::$case:ident)*) => {
        async fn run(engine: Where<'_>) {
            $(
                println!("{}", concat!(stringify!($module), "::", stringify!($case)));
                let fixture = match engine {
                    Where::Sqlite => Fixture::sqlite().await,
                    Where::Postgres(cluster) => Fixture::postgres(cluster, stringify!($case)).await,
                };
                Box::pin($module::$case(&fixture)).await;
                fixture.store.close().await;
            )*
        }
    };
}

cases! {
    people::a_new_customer_is_known_at_their_number
    people::people_at_a_number_come_most_calls_first
    people::a_switchboard_gives_twenty_people
    people::a_call_is_counted_once
    people::a_new_number_is_bound_only_by_an_agents_word
    people::the_dossier_is_newest_first_and_keeps_an_old_open_complaint
    consent::a_print_comes_back_as_it_was_and_for_its_model_only
    consent::enrolling_again_replaces_the_print
    consent::prints_of_two_models_lie_side_by_side_and_a_no_takes_both
    consent::a_withdrawal_leaves_no_print_and_can_be_taken_back
    consent::no_print_without_the_newest_yes
    consent::a_no_written_by_anyone_deletes_the_prints
    consent::a_record_tells_a_key_from_a_word
    consent::consents_and_audit_are_append_only
    consent::a_sealed_print_shows_nothing_and_fits_its_customer_only
    consent::an_enrolment_is_whole_or_not_at_all
    consent::a_yes_and_a_no_at_once_end_in_a_no
    consent::a_yes_recorded_when_it_was_said_is_the_yes_of_the_print
    refresh::a_confirmed_call_joins_the_print_as_it_was_heard
    refresh::a_call_too_soon_or_of_another_voice_changes_nothing
    refresh::no_call_joins_without_a_print_on_a_standing_yes
    refresh::a_full_print_gives_up_its_oldest_refresh_and_never_an_enrolment
    refresh::a_print_of_before_is_read_and_refreshed
    judged::a_judged_call_comes_back_as_it_was_and_the_last_word_holds
    judged::a_no_takes_the_callers_trials_away
    judged::a_caller_who_was_never_asked_is_somebody_else
    judged::the_newest_of_many_judged_calls_are_found_without_reading_them
    judged::a_line_of_the_shops_own_holds_for_its_model_until_it_is_taken_back
    fingerprints::a_call_comes_back_as_it_was_and_to_its_customer_only
    fingerprints::a_no_takes_the_fingerprints_of_its_customer
    fingerprints::without_a_yes_only_a_flagged_call_is_kept
    fingerprints::few_are_kept_and_not_for_long
    fingerprints::a_fingerprint_that_was_moved_or_changed_is_left_out
    parties::a_double_is_read_as_the_one_record_until_the_merge_is_undone
    parties::doubles_of_doubles_come_and_go_one_by_one
    parties::a_voice_is_known_by_whichever_record_it_was_learnt_under
    parties::the_newest_word_of_two_records_is_that_of_the_person
    parties::who_was_in_anothers_record_gets_one_of_their_own
    parties::a_company_has_people_a_manager_and_no_voice
    goods::items_carry_what_is_known_of_them
    goods::an_item_that_cannot_be_is_named_by_its_column
    goods::what_is_ordered_together_is_read_with_the_shops_orders
    goods::a_complaint_on_any_channel_and_under_any_record_counts
    goods::contacts_that_we_began_are_counted_and_calls_of_theirs_are_not
    orders::the_same_key_is_the_same_order
    orders::an_order_that_cannot_be_is_refused_whole
    orders::many_screens_sending_one_key_place_one_order
    orders::the_shops_history_becomes_a_likely_order
    imports::customers_come_with_their_numbers_and_household
    imports::the_same_file_twice_is_the_same_as_once
    imports::a_missing_column_leaves_what_is_stored_and_an_empty_field_clears_it
    imports::one_bad_row_keeps_the_file_out
    imports::the_good_rows_are_kept_when_asked_for
    imports::every_bad_row_is_counted_and_twenty_are_shown
    imports::order_lines_may_stand_anywhere
    imports::an_order_has_one_customer_and_one_time
    imports::times_are_the_shops_own
    imports::contacts_carry_complaints
    imports::a_wrong_header_names_the_right_one
    imports::wrong_encodings_are_named
    timeline::a_contact_sent_twice_is_one_and_a_changed_one_is_updated
    timeline::a_resolved_complaint_stays_so_when_its_event_comes_again
    timeline::a_webhook_that_comes_again_does_not_bring_the_past_back
    timeline::a_customer_is_changed_field_by_field
    timeline::an_order_of_elsewhere_is_taken_once_and_does_not_change
    timeline::an_order_of_ours_that_comes_back_is_not_a_second_one
    timeline::what_is_on_file_is_charged_with_a_second_factor_only
    timeline::each_fact_is_an_event_of_its_own_transaction
    timeline::imported_orders_are_told_of_by_their_customers
    timeline::a_large_import_is_one_event
    timeline::events_are_forgotten_and_their_numbers_are_not_given_again
    timeline::a_delivery_is_taken_on_by_one_node_alone
    timeline::who_follows_the_numbers_misses_nothing
    timeline::who_commits_late_is_not_missed
    mappings::a_shops_own_columns_become_ours
    mappings::orders_may_have_their_own_dates_and_numbers
    mappings::missing_columns_are_constants_and_words_are_translated
    mappings::a_named_encoding_is_read_and_none_is_guessed
    reports::a_report_tells_new_from_changed_from_unchanged
    reports::a_dry_run_reads_everything_and_writes_nothing
    reports::a_key_that_is_there_twice_with_other_content_is_a_bad_row
    reports::orders_may_be_scattered_over_a_long_file
    reports::the_menu_is_imported
    reports::files_that_are_no_files_of_rows_are_refused
    exports::everything_about_a_person_is_told_and_nothing_of_anybody_else
    exports::no_table_about_customers_is_forgotten
}

#[test]
fn sqlite_keeps_the_contract() {
    runtime().block_on(run(Where::Sqlite));
}

#[test]
fn postgres_keeps_the_contract() {
    if let Some(cluster) = Cluster::start() {
        runtime().block_on(run(Where::Postgres(&cluster)));
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
