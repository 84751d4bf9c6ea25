package io.trapline.web.page;

/// What became of a form, shown once on the page that follows it.
record Said(boolean good, String text) {
    static Said good(String text) {
        return new Said(true, text);
    }

    static Said bad(String text) {
        return new Said(false, text);
    }
}
