package io.trapline.web.page;

/// What every page has around its content.
///
/// @param at which entry of the navigation is the present one
/// @param charts whether the page needs the chart library
record Frame(String title, String at, String version, boolean charts) {
    String here(String entry) {
        return entry.equals(at) ? "page" : "";
    }
}
