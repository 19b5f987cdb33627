using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;

namespace StatelessSwarm.Cli.Tests.Repositories;

/// <summary>From a tree to a checked repository, by the commands alone.</summary>
public sealed class PublishTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private async Task<CommandRun> RunAsync(int expected, params string[] arguments)
    {
        var run = await CommandRun.RunAsync(arguments);
        Assert.True(run.Code == expected, $"{string.Join(' ', arguments)}: {run.Code}: {run.Error}");
        return run;
    }

    private async Task PublishAsync(string version, params string[] more)
    {
        await File.WriteAllTextAsync(_directory["tree/version"], version, TestContext.Current.CancellationToken);
        await RunAsync(0, "image", "build", _directory["tree"], "-o", _directory["root.squashfs"], "--level", "1");
        await RunAsync(
            0,
            [
                "publish", "--repo", _directory["repo"], "--product", "web", "--version", version, "--root", _directory["root.squashfs"],
                "--channel", "stable", "--key", _directory["key"], .. more,
            ]
        );
    }

    private async Task MakeRepositoryAsync()
    {
        Directory.CreateDirectory(_directory["tree"]);
        await RunAsync(0, "key", "new", "-o", _directory["key"]);
        await RunAsync(0, "repo", "init", _directory["repo"], "--key", _directory["key"]);
    }

    [Fact]
    public async Task Publish_TwoVersions_AreListedShownAndSound()
    {
        await MakeRepositoryAsync();
        await PublishAsync("1.0");
        await PublishAsync("1.1", "--build", "7", "--announce", "http://tracker.example/announce");

        using var list = JsonDocument.Parse((await RunAsync(0, "repo", "list", _directory["repo"], "--json")).Out);
        var releases = list.RootElement.GetProperty("releases").EnumerateArray().ToList();
        Assert.Equal(["1.0", "1.1"], releases.Select(release => release.GetProperty("version").GetString()));
        Assert.Equal([1, 7], releases.Select(release => release.GetProperty("build").GetInt32()));
        var channel = Assert.Single(list.RootElement.GetProperty("channels").EnumerateArray());
        Assert.Equal(releases[1].GetProperty("digest").GetString(), channel.GetProperty("release").GetString());
        Assert.Contains("1.1 build 7", (await RunAsync(0, "repo", "list", _directory["repo"])).Out, StringComparison.Ordinal);

        Assert.Contains("web 1.1 build 7", (await RunAsync(0, "repo", "show", _directory["repo"], "web/stable")).Out, StringComparison.Ordinal);
        var digest = releases[0].GetProperty("digest").GetString()!;
        using var shown = JsonDocument.Parse((await RunAsync(0, "repo", "show", _directory["repo"], digest[..10], "--json")).Out);
        Assert.Equal("1.0", shown.RootElement.GetProperty("version").GetString());
        await RunAsync(5, "repo", "show", _directory["repo"], "web/none");
        await RunAsync(5, "repo", "show", _directory["repo"], new string('0', 64));

        Assert.Contains("sound", (await RunAsync(0, "repo", "check", _directory["repo"])).Out, StringComparison.Ordinal);
    }

    /// <summary>Pin, withdraw, prune: what goes, what stays and why, and that a pruned version stays used.</summary>
    [Fact]
    public async Task Upkeep_ThreeVersions_PruneKeepsWhatIsNeeded()
    {
        await MakeRepositoryAsync();
        foreach (var version in new[] { "1.0", "2.0", "3.0", "4.0" })
            await PublishAsync(version);
        using var list = JsonDocument.Parse((await RunAsync(0, "repo", "list", _directory["repo"], "--json")).Out);
        var digests = list.RootElement.GetProperty("releases").EnumerateArray().Select(release => release.GetProperty("digest").GetString()!).ToList();
        Assert.Contains("web 1.0 build 1", (await RunAsync(0, "repo", "pin", _directory["repo"], digests[0])).Out, StringComparison.Ordinal);
        await RunAsync(5, "repo", "pin", _directory["repo"], digests[0]);
        await RunAsync(0, "repo", "withdraw", _directory["repo"], digests[2], "--reason", "boots into a black screen");
        var shown = (await RunAsync(0, "repo", "show", _directory["repo"], digests[2])).Out;
        Assert.Contains("withdrawn: boots into a black screen", shown, StringComparison.Ordinal);
        Assert.Contains(", pinned", (await RunAsync(0, "repo", "list", _directory["repo"])).Out, StringComparison.Ordinal);
        await RunAsync(3, "channel", "set", "web/stable", digests[2], "--repo", _directory["repo"], "--key", _directory["key"]);

        var plan = await RunAsync(0, "repo", "prune", _directory["repo"], "--keep", "1", "--dry-run", "--json");
        using var planned = JsonDocument.Parse(plan.Out);
        Assert.Equal(
            ["3.0", "2.0"],
            planned.RootElement.GetProperty("deleted").EnumerateArray().Select(release => release.GetProperty("version").GetString())
        );
        Assert.Equal(
            ["channel stable", "pinned"],
            planned.RootElement.GetProperty("kept").EnumerateArray().Select(release => release.GetProperty("reason").GetString())
        );
        var pruned = await RunAsync(0, "repo", "prune", _directory["repo"], "--keep", "1");
        Assert.Contains("web 2.0 build 2", pruned.Out, StringComparison.Ordinal);
        await RunAsync(5, "repo", "prune", _directory["repo"], "--keep", "1");
        await RunAsync(2, "repo", "prune", _directory["repo"], "--keep", "0");
        await RunAsync(0, "repo", "unpin", _directory["repo"], digests[0]);
        await RunAsync(0, "repo", "check", _directory["repo"]);
        var again = await CommandRun.RunAsync(
            ["publish", "--repo", _directory["repo"], "--product", "web", "--version", "2.0", "--root", _directory["root.squashfs"], "--key", _directory["key"]]
        );
        Assert.Equal(1, again.Code);
        Assert.Contains("a version is never used twice", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OnePayloadBitChanged_SaysWhereAndEndsRefused()
    {
        await MakeRepositoryAsync();
        await PublishAsync("1.0");
        var image = Directory.GetFiles(_directory["repo"], "root.squashfs", SearchOption.AllDirectories).Single();
        File.SetUnixFileMode(image, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);

        var run = await RunAsync(3, "repo", "check", _directory["repo"], "--json");

        using var json = JsonDocument.Parse(run.Out);
        Assert.False(json.RootElement.GetProperty("sound").GetBoolean());
        Assert.Contains(
            json.RootElement.GetProperty("problems").EnumerateArray(),
            problem => problem.GetProperty("path").GetString()!.EndsWith("root.squashfs", StringComparison.Ordinal)
        );
        await RunAsync(3, "repo", "check", _directory["repo"], "--deep");
        await RunAsync(0, "repo", "check", _directory["repo"], "--quick");
        await RunAsync(2, "repo", "check", _directory["repo"], "--quick", "--deep");
        await File.WriteAllBytesAsync(image, bytes.AsMemory(0, bytes.Length - 1), TestContext.Current.CancellationToken);
        await RunAsync(3, "repo", "check", _directory["repo"], "--quick");
    }

    [Fact]
    public async Task Publish_KeyOfAStranger_IsRefused()
    {
        await MakeRepositoryAsync();
        await RunAsync(0, "key", "new", "-o", _directory["stranger"]);
        await RunAsync(0, "image", "build", _directory["tree"], "-o", _directory["root.squashfs"]);
        await RunAsync(
            3,
            "publish", "--repo", _directory["repo"], "--product", "web", "--version", "1.0", "--root", _directory["root.squashfs"],
            "--channel", "stable", "--key", _directory["stranger"]
        );
        using var list = JsonDocument.Parse((await RunAsync(0, "repo", "list", _directory["repo"], "--json")).Out);
        Assert.Equal(0, list.RootElement.GetProperty("releases").GetArrayLength());
    }

    [Fact]
    public async Task Key_Files_AreKeptAndShown()
    {
        var made = await RunAsync(0, "key", "new", "-o", _directory["key"], "--json");
        var shown = await RunAsync(0, "key", "show", _directory["key"], "--json");
        Assert.Equal(made.Out, shown.Out);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory["key"]));
        var before = await File.ReadAllBytesAsync(_directory["key"], TestContext.Current.CancellationToken);
        await RunAsync(1, "key", "new", "-o", _directory["key"]);
        Assert.Equal(before, await File.ReadAllBytesAsync(_directory["key"], TestContext.Current.CancellationToken));
        await RunAsync(5, "key", "show", _directory["none"]);
        await File.WriteAllTextAsync(_directory["junk"], "junk", TestContext.Current.CancellationToken);
        await RunAsync(1, "key", "show", _directory["junk"]);
    }

    [Fact]
    public async Task Publish_ThingsMissing_AreNamed()
    {
        await MakeRepositoryAsync();
        string[] start = ["publish", "--repo", _directory["repo"], "--product", "web", "--version", "1.0"];
        var image = await RunAsync(5, [.. start, "--root", _directory["none"], "--key", _directory["key"]]);
        Assert.Contains("none: no such file", image.Error, StringComparison.Ordinal);
        await RunAsync(5, [.. start, "--root", _directory["key"], "--key", _directory["none"]]);
        await RunAsync(1, [.. start, "--root", _directory["key"], "--key", _directory["key"]]);
        await RunAsync(2, [.. start, "--root", _directory["key"], "--key", _directory["key"], "--channel-days", "0"]);
        await RunAsync(5, "repo", "list", _directory["none"]);
        await RunAsync(1, "repo", "init", _directory["repo"], "--key", _directory["key"]);
    }
}
