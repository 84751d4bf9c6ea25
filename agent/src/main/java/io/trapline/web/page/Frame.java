package io.trapline.web.page;

import java.util.Optional;

/// What every page has around its content.
///
/// @param at which entry of the navigation is the present one
/// @param charts whether the page needs the chart library
/// @param csrf what forms must bring along; empty while nobody is logged in
/// @param here the page's own address, to come back to after a login
/// @param said what became of the form that led here
record Frame(
        String title,
        String at,
        String version,
        boolean charts,
        String csrf,
        String here,
        Optional<Said> said) {
    String here(String entry) {
        return entry.equals(at) ? "page" : "";
    }

    boolean isLoggedIn() {
        return !csrf.isEmpty();
    }

    /// Where to log in, and come back from.
    String login() {
        return Params.of("next", here).at("/login");
    }
}
