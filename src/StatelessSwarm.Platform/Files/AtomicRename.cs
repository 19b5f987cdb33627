using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>renameat2(2): a name changes its meaning at one instant, for every observer.</summary>
public static class AtomicRename
{
    private const int CurrentDirectory = -100;
    private const uint NoReplaceFlag = 1;
    private const uint ExchangeFlag = 2;

    /// <summary>Gives <paramref name="source"/> the name <paramref name="target"/>; what had it before is gone.</summary>
    /// <exception cref="PlatformException">The names are as they were.</exception>
    public static void Replace(string source, string target) => Rename(source, target, 0, "rename");

    /// <summary>As <see cref="Replace"/>, but fails with EEXIST when <paramref name="target"/> is taken.</summary>
    /// <exception cref="PlatformException">The names are as they were.</exception>
    public static void WithoutReplacing(string source, string target) =>
        Rename(source, target, NoReplaceFlag, "renameat2(RENAME_NOREPLACE)");

    /// <summary>Exchanges two names; both must exist.</summary>
    /// <exception cref="PlatformException">The names are as they were.</exception>
    public static void Exchange(string first, string second) =>
        Rename(first, second, ExchangeFlag, "renameat2(RENAME_EXCHANGE)");

    private static void Rename(string source, string target, uint flags, string call)
    {
        if (LibC.RenameAt2(CurrentDirectory, source, CurrentDirectory, target, flags) != 0)
            throw PlatformException.Last(call, $"{source} -> {target}");
    }
}
