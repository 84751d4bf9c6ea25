/// Who may read and write the files of this host: what can be trusted as code or instructions
/// ([io.trapline.files.FileTrust]), and what nobody else may get at
/// ([io.trapline.files.PrivateFolders]). Uses the JDK alone.
@NullMarked
package io.trapline.files;

import org.jspecify.annotations.NullMarked;
