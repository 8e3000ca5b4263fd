"""From the typed tree to LLVM instructions. Functions and builtins lower themselves (functions/)."""
