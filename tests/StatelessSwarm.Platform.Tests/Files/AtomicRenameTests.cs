using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Platform.Tests.Files;

public sealed class AtomicRenameTests
{
    [Fact]
    public void Exchange_TwoNames_SwapsThem()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["a"], "A");
        Directory.CreateDirectory(directory["b"]);
        AtomicRename.Exchange(directory["a"], directory["b"]);
        Assert.True(Directory.Exists(directory["a"]));
        Assert.Equal("A", File.ReadAllText(directory["b"]));
    }

    [Fact]
    public void Replace_TakenName_TakesItOver()
    {
        using var directory = new TemporaryDirectory();
        SymbolicLink.Create("new", directory["a"]);
        SymbolicLink.Create("old", directory["b"]);
        AtomicRename.Replace(directory["a"], directory["b"]);
        Assert.Equal("new", SymbolicLink.Read(directory["b"]));
        Assert.Null(SymbolicLink.Read(directory["a"]));
    }

    [Fact]
    public void WithoutReplacing_TakenName_FailsAndChangesNothing()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["a"], "A");
        File.WriteAllText(directory["b"], "B");
        var fault = Assert.Throws<PlatformException>(
            () => AtomicRename.WithoutReplacing(directory["a"], directory["b"])
        );
        Assert.Equal(Errno.EEXIST, fault.Error);
        Assert.Equal("A", File.ReadAllText(directory["a"]));
        Assert.Equal("B", File.ReadAllText(directory["b"]));
    }

    [Fact]
    public void Exchange_MissingName_NamesBothPaths()
    {
        using var directory = new TemporaryDirectory();
        var fault = Assert.Throws<PlatformException>(() => AtomicRename.Exchange(directory["a"], directory["b"]));
        Assert.Equal(Errno.ENOENT, fault.Error);
        Assert.Contains($"{directory["a"]} -> {directory["b"]}", fault.Message, StringComparison.Ordinal);
    }
}
