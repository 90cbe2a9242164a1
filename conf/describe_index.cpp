#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto index = &system_settings::index;

constexpr std::array table{
    item<index, &index_settings::threads>({.name = "index.threads",
                                           .sentence = "Folders whose messages are indexed at one time.",
                                           .spec = "IDX-01",
                                           .minimum = 1,
                                           .maximum = 64,
                                           .effect = takes_effect::restart}),
    item<index, &index_settings::segments_before_merge>(
        {.name = "index.segments_before_merge",
         .sentence = "Segments of like size an index has before they become one; more: "
                     "less work, slower search.",
         .spec = "IDX-02",
         .minimum = 2,
         .maximum = 100}),
    item<index, &index_settings::items_before_release>(
        {.name = "index.items_before_release",
         .sentence = "Messages indexed before unused memory is given back.",
         .spec = "IDX-03",
         .minimum = 1,
         .maximum = 100000000}),
    item<index, &index_settings::items_per_pass>(
        {.name = "index.items_per_pass",
         .sentence = "Messages of a folder indexed in one turn, before other folders have theirs.",
         .spec = "IDX-04",
         .minimum = 1,
         .maximum = 100000}),
    item<index, &index_settings::wait>({.name = "index.wait_seconds",
                                        .sentence = "How long a changed folder waits, so that a burst is "
                                                    "indexed at once; search reads what is not indexed.",
                                        .spec = "IDX-05",
                                        .maximum = 86400}),
    item<index, &index_settings::deleted_before_cleanup>(
        {.name = "index.deleted_before_cleanup",
         .sentence = "Deleted messages an index of a folder holds before it is written anew without them.",
         .spec = "IDX-06",
         .minimum = 1,
         .maximum = 100000000}),
    item<index, &index_settings::languages>(
        {.name = "index.languages",
         .sentence = "Languages of whose words SEARCH FUZZY knows the stems, so that \"meetings\" finds "
                     "\"meeting\".",
         .maximum = 5,
         .form = text_form::language,
         .may_be_empty = true}),
    item<index, &index_settings::documents>(
        {.name = "index.documents",
         .sentence = "Indexes the text of attached documents, too (PDF, OpenDocument, Word, Excel, "
                     "PowerPoint); counts for messages that are indexed from now on."}),
    item<index, &index_settings::max_document_size>(
        {.name = "index.max_document_size_mb",
         .sentence = "Attached documents of more are not indexed.",
         .minimum = 1,
         .maximum = 256,
         .unit = unit::mb}),
    item<index, &index_settings::document_timeout>(
        {.name = "index.document_timeout_seconds",
         .sentence =
             "A program that reads a document is ended after this time, and the document not indexed.",
         .minimum = 1,
         .maximum = 60}),
    item<index, &index_settings::pdf_command>(
        {.name = "index.pdf_command",
         .sentence = "Program that reads PDF on its standard input and writes its text as UTF-8; no shell "
                     "reads the command; it runs with little memory and, where the system lets it, without "
                     "network. Empty: PDF is not indexed.",
         .maximum = 1024,
         .may_be_empty = true}),
    item<index, &index_settings::word_command>({.name = "index.word_command",
                                                .sentence = "The same for .doc of Word before 2007.",
                                                .maximum = 1024,
                                                .may_be_empty = true}),
    item<index, &index_settings::excel_command>({.name = "index.excel_command",
                                                 .sentence = "The same for .xls of Excel before 2007.",
                                                 .maximum = 1024,
                                                 .may_be_empty = true}),
    item<index, &index_settings::powerpoint_command>(
        {.name = "index.powerpoint_command",
         .sentence = "The same for .ppt of PowerPoint before 2007.",
         .maximum = 1024,
         .may_be_empty = true}),
};

} // namespace

std::span<const setting<system_settings>> index_table() { return table; }

} // namespace stagepost::conf
