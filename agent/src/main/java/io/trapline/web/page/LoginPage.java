package io.trapline.web.page;

/// Asks for the admin token.
///
/// @param next where to go from here
/// @param file where the token is, as whoever asks may know it
/// @param error why it did not work, empty at first
record LoginPage(String next, String file, String error) {}
