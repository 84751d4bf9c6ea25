/// The pages for people on the agent's listener: overview, collectors, metrics, records, SQL.
@NullMarked
package io.trapline.web.page;

import org.jspecify.annotations.NullMarked;
