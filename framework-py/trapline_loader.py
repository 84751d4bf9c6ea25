"""Loads collectors' modules by file path.

What an import statement finds is what it would find if every import root stood at the end of `sys.path`, as scripts
are used to: the standard library and installed packages win. But the modules that are to run are loaded from their own
files whatever their names are (`test.py`, `redis.py`, `b-c.py`), and names that several roots have (`util.py` in two
folders) lead each script to its own neighbour.

A *private* name is a top-level name that has more than one meaning in this interpreter. For those, `sys.modules` is
switched to the meaning that the importing file's root gives it (a *view*) while the import statement runs.
"""

import builtins
import os
import sys
import types
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from threading import RLock

_FRAMEWORK = "datakit_framework"


class Loader:
    def __init__(self, roots, framework_dir):
        self._roots = list(dict.fromkeys(roots))
        self._base_path = [entry for entry in sys.path if entry != framework_dir and entry not in self._roots]
        sys.path[:] = self._base_path + [framework_dir] + self._roots
        self._before = frozenset(sys.modules)
        self._names = {root: _top_level_names(root) for root in self._roots}
        self._taken = {}
        seen = {_FRAMEWORK}
        self._private = set()
        for root in self._roots:
            self._private |= self._names[root] & seen
            seen |= self._names[root]
        self._private = {name for name in self._private if not self._is_taken(name)}
        self._view = {}  # private name -> root whose meaning sys.modules has; absent: the common meaning
        self._hidden = {}  # (private name, root or None) -> {module name: module} that sys.modules does not have
        self._root_of_file = {}
        self._lock = RLock()
        self._import = None
        if self._private:
            self._install()

    def load(self, name, file, root):
        """The module, executed once however often it is asked for."""
        top, *rest = name.split(".")
        if not all([top] + rest):
            raise ImportError("%s can not be imported: its name begins or ends with a dot; rename the file" % file)
        folder = root
        for part in name.split(".")[:-1]:
            folder = os.path.join(folder, part)
            if not os.path.isdir(folder):
                raise ImportError(
                    "%s can not be imported: the dot in its name means a package, and there is no folder %s; "
                    "rename the file" % (file, folder)
                )
        if top == _FRAMEWORK and top not in self._names[root]:
            return __import__(_FRAMEWORK)
        if self._is_taken(top):
            if not rest:
                return _execute(name, file, None)
            if top not in self._private:
                self._private.add(top)
                self._install()
        if top not in self._private:
            return self._load_parts(name, file, root)
        with self._lock:
            previous = self._view.get(top)
            self._switch(top, root)
            try:
                return self._load_parts(name, file, root)
            finally:
                self._switch(top, previous)

    def _load_parts(self, name, file, root):
        parts = name.split(".")
        parent, folder = None, root
        for depth in range(1, len(parts)):
            package, folder = ".".join(parts[:depth]), os.path.join(folder, parts[depth - 1])
            known = sys.modules.get(package)
            if known is None:
                init = os.path.join(folder, "__init__.py")
                known = _execute(package, init, folder) if os.path.isfile(init) else _namespace(package, folder)
            if parent is not None:
                setattr(parent, parts[depth - 1], known)
            parent = known
        module = sys.modules.get(name)
        if module is None or not _same_file(module, file):
            module = _execute(name, file, None, register=True)
        if parent is not None:
            setattr(parent, parts[-1], module)
        return module

    def _is_taken(self, top):
        """Whether the common meaning of a name is not the collectors'."""
        taken = self._taken.get(top)
        if taken is None:
            taken = top != _FRAMEWORK and (
                top in self._before
                or top in getattr(sys, "stdlib_module_names", ())  # 3.10 and newer
                or PathFinder.find_spec(top, self._base_path) is not None
            )
            self._taken[top] = taken
        return taken

    # ---- private names --------------------------------------------------------------------------

    def _install(self):
        if self._import is None:
            self._import = builtins.__import__
            builtins.__import__ = self._import_in_view
            sys.meta_path.insert(0, self)

    def find_spec(self, name, path=None, target=None):
        root = self._view.get(name) if path is None else None
        return PathFinder.find_spec(name, [root]) if root is not None else None

    def _import_in_view(self, name, globals=None, locals=None, fromlist=(), level=0):
        if level:
            top = ((globals or {}).get("__package__") or "").partition(".")[0]
            if top not in self._private:
                return self._import(name, globals, locals, fromlist, level)
            view = self._importing_root(globals)
        else:
            top = name.partition(".")[0]
            if top not in self._private:
                return self._import(name, globals, locals, fromlist, level)
            view = self._meaning(top, self._importing_root(globals))
        with self._lock:
            previous = self._view.get(top)
            self._switch(top, view)
            try:
                return self._import(name, globals, locals, fromlist, level)
            finally:
                self._switch(top, previous)

    def _meaning(self, top, root):
        if self._is_taken(top):
            return None
        if root is not None and top in self._names[root]:
            return root
        if top == _FRAMEWORK:
            return None
        return next((other for other in self._roots if top in self._names[other]), None)

    def _importing_root(self, globals):
        file = (globals or {}).get("__file__")
        if not file:
            return None
        if file not in self._root_of_file:
            within = [root for root in self._roots if file.startswith(root.rstrip(os.sep) + os.sep)]
            self._root_of_file[file] = max(within, key=len, default=None)
        return self._root_of_file[file]

    def _switch(self, top, view):
        present = self._view.get(top)
        if present == view:
            return
        prefix = top + "."
        names = [name for name in list(sys.modules) if name == top or name.startswith(prefix)]
        self._hidden[top, present] = {name: sys.modules.pop(name) for name in names}
        sys.modules.update(self._hidden.pop((top, view), {}))
        if view is None:
            self._view.pop(top, None)
        else:
            self._view[top] = view


def _top_level_names(root):
    names = set()
    try:
        for entry in os.scandir(root):
            if entry.name.endswith(".py"):
                names.add(entry.name[:-3])
            elif not entry.name.startswith((".", "__")) and entry.is_dir():
                names.add(entry.name)
    except OSError:
        pass
    # python.d/core is where upstream keeps its framework, rewritten at each start: not a copy that a user chose.
    if os.path.basename(root) == "core":
        names.discard(_FRAMEWORK)
    return names


def _execute(name, file, package_folder, register=None):
    places = None if package_folder is None else [package_folder]
    spec = spec_from_file_location(name, file, loader=SourceFileLoader(name, file), submodule_search_locations=places)
    module = module_from_spec(spec)
    register = package_folder is not None if register is None else register
    previous = sys.modules.get(name)
    if register:
        sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if register:
            if previous is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = previous
        raise
    return module


def _namespace(name, folder):
    module = types.ModuleType(name)
    module.__path__ = [folder]
    module.__package__ = name
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__spec__.submodule_search_locations = [folder]
    sys.modules[name] = module
    return module


def _same_file(module, file):
    known = getattr(module, "__file__", None)
    return known is not None and (known == file or os.path.realpath(known) == os.path.realpath(file))
