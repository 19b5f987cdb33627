using StatelessSwarm.Cli.Tests.Support;

namespace StatelessSwarm.Cli.Tests.Booting;

/// <summary>What <c>boot iso</c> refuses, in one line and with nothing left; that its media boot is shown in guests (Boot.Tests).</summary>
public sealed class LiveImageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("web", 2, "expected PRODUCT/CHANNEL or sha256:DIGEST")]
    [InlineData("web/none", 5, "no such channel")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000", 5, "no such release")]
    [InlineData("web/stable --kernel-image /none", 5, "/none: no such file")]
    [InlineData("web/stable --cmdline quiet;halt", 2, "signs that GRUB takes for its own")]
    [InlineData("web/stable --cmdline a'b", 2, "signs that GRUB takes for its own")]
    public async Task Iso_WrongWords_AreRefused(string words, int code, string expected)
    {
        await MakeRepositoryAsync();
        await RefusedAsync(["--release", .. words.Split(' ')], code, expected);
    }

    [Fact]
    public async Task Iso_FollowOfOneRelease_IsRefused()
    {
        await MakeRepositoryAsync();
        var digest = (await Shell.RunAsync(_directory.Path, "ls repo/releases")).Trim();
        await RefusedAsync(["--release", "sha256:" + digest, "--follow"], 2, "--follow: expected a channel");
    }

    private async Task RefusedAsync(string[] words, int code, string expected)
    {
        var run = await CommandRun.RunAsync(["boot", "iso", "--repo", _directory["repo"], "--kernel", "6.1.0", "-o", _directory["x.iso"], .. words]);
        Assert.Equal(code, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(Directory.GetFiles(_directory.Path, "x.iso*"));
    }

    private async Task MakeRepositoryAsync()
    {
        await Shell.RunAsync(_directory.Path, "mkdir tree; echo web > tree/name");
        string[][] commands =
        [
            ["image", "build", _directory["tree"], "-o", _directory["root.img"]],
            ["key", "new", "-o", _directory["key"]],
            ["repo", "init", _directory["repo"], "--key", _directory["key"]],
            ["publish", "--repo", _directory["repo"], "--product", "web", "--version", "1", "--root", _directory["root.img"], "--channel", "stable", "--key", _directory["key"]],
        ];
        foreach (var command in commands)
        {
            var run = await CommandRun.RunAsync(command);
            Assert.True(run.Code == 0, run.Error);
        }
    }
}
