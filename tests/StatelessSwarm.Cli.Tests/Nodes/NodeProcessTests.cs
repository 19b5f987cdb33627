using System.Globalization;
using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Tests.Nodes;

/// <summary>
/// The built executable against a server and a seed in this process: killed at any moment, on a disk too small, as a daemon from its
/// start to its end.
/// </summary>
public sealed class NodeProcessTests : IAsyncLifetime
{
    private const int PieceBytes = 256 * 1024;

    private TestSite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await TestSite.StartAsync(seedBytesPerSecond: 3 << 20);

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    private string[] Arguments(string command, NodeOptions options, params string[] more) =>
        [
            command, "--server", _site.Url.ToString(), "--follow", "web/stable", "--trust", _site.TrustPath,
            "--state", options.StateDirectory, "--run", options.RunDirectory, "--port", "0", "--listen", "127.0.0.1",
            "--no-mdns", "--poll-interval", "1s", .. more,
        ];

    private static async Task<JsonElement> StatusAsync(NodeOptions options)
    {
        var run = await CommandRun.RunAsync("status", "--state", options.StateDirectory, "--run", options.RunDirectory, "--json", "--no-mount");
        Assert.True(run.Code == 0, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        return json.RootElement.Clone();
    }

    [Fact]
    public async Task Update_KilledAgainAndAgain_ResumesAndLosesOnlyWhatWasInFlight()
    {
        const int Bytes = 12 << 20;
        var published = await _site.PublishAsync("1.0", Bytes);
        var options = _site.NewNode();
        var journal = Path.Combine(options.StateDirectory, "staging", published.Digest.ToString(), "resume");
        foreach (var pieces in new[] { 4, 20, 34 })
        {
            await using var update = StatelessProcess.Start(Arguments("update", options, "--no-mount"));
            // a record of 4 bytes per verified piece after a head of 56
            await update.WaitUntilAsync(() => File.Exists(journal) && new FileInfo(journal).Length >= 56 + (4 * pieces));
            await update.KillAsync();
            Assert.False(File.Exists(Path.Combine(options.StateDirectory, "roots", "current")));
        }

        await using var last = StatelessProcess.Start(Arguments("update", options, "--no-mount"));
        Assert.True(await last.WaitAsync() == 0, last.Error);

        var status = await StatusAsync(options);
        Assert.Equal(published.Digest.ToString(), status.GetProperty("current").GetProperty("digest").GetString());
        var record = Assert.Single(status.GetProperty("updates").EnumerateArray());
        var sources = record.GetProperty("sources");
        var disk = sources.GetProperty("disk").GetInt64();
        var fetched = sources.GetProperty("lan").GetInt64() + sources.GetProperty("wan").GetInt64();
        Assert.InRange(disk, 34L * PieceBytes, Bytes);
        Assert.InRange(disk + fetched, Bytes, Bytes + (2 * PieceBytes));
    }

    [Fact]
    public async Task Update_DiskTooSmall_EndsWithNoRoomAndLeavesCurrent()
    {
        await _site.PublishAsync("1.0", 1 << 20);
        var options = _site.NewNode();
        Directory.CreateDirectory(options.StateDirectory);
        var script =
            $"mount -t tmpfs -o size=3m none '{options.StateDirectory}' && "
            + "\"$@\" && readlink \"$STATE/roots/current\" > \"$STATE.before\" && cp \"$STATE.before\" \"$STATE.first\"; "
            + "touch \"$STATE.go\"; while [ -e \"$STATE.go\" ]; do sleep 0.05; done; "
            + "\"$@\"; code=$?; readlink \"$STATE/roots/current\" > \"$STATE.after\"; exit $code";
        string[] unshare = Environment.IsPrivilegedProcess ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
        await using var update = StatelessProcess.StartProgram(
            "/usr/bin/env",
            [
                $"STATE={options.StateDirectory}", "unshare", .. unshare, "--fork", "sh", "-c", script, "sh",
                StatelessProcess.Executable, .. Arguments("update", options, "--no-mount"),
            ]
        );
        await update.WaitUntilAsync(() => File.Exists(options.StateDirectory + ".go"));
        await _site.PublishAsync("2.0", 8 << 20);
        File.Delete(options.StateDirectory + ".go");

        Assert.Equal(4, await update.WaitAsync());

        Assert.Contains("stateless: not enough room: ", update.Error, StringComparison.Ordinal);
        var before = await File.ReadAllTextAsync(options.StateDirectory + ".first", Cancellation);
        Assert.NotEmpty(before.Trim());
        Assert.Equal(before, await File.ReadAllTextAsync(options.StateDirectory + ".after", Cancellation));
    }

    [Fact]
    public async Task Node_FromStartToEnd_FollowsTheChannelAndObeys()
    {
        var image = await BuildImageAsync("first");
        var first = await _site.PublishAsync("1.0", image);
        var options = _site.NewNode();
        var mounts = _site["mounts"];
        var isRoot = Environment.IsPrivilegedProcess;
        // in a mount name space of its own, what it mounts goes with it
        string[] node = [StatelessProcess.Executable, .. Arguments("node", options, isRoot ? ["--mount", mounts] : ["--no-mount"])];
        await using var daemon = isRoot
            ? StatelessProcess.StartProgram("/usr/bin/env", ["unshare", "--mount", "--propagation", "private", .. node])
            : StatelessProcess.StartProgram("/usr/bin/env", node);
        await daemon.WaitUntilAsync(() => daemon.Error.Contains(" ready: following web/stable", StringComparison.Ordinal));
        await WaitForAsync(options, first, mustMount: isRoot);
        if (isRoot)
        {
            var current = $"/proc/{daemon.Id}/root{mounts}/current";
            Assert.Equal("first", await File.ReadAllTextAsync(Path.Combine(current, "version"), Cancellation));
            await File.WriteAllTextAsync(Path.Combine(current, "written"), "above", Cancellation);
            var lower = $"/proc/{daemon.Id}/root{mounts}/{first.Digest}/image/version";
            await Assert.ThrowsAnyAsync<IOException>(() => File.WriteAllTextAsync(lower, "x", Cancellation));
        }

        var second = await _site.PublishAsync("2.0", await BuildImageAsync("second"));
        await WaitForAsync(options, second, mustMount: isRoot);
        var status = await StatusAsync(options);
        Assert.Equal(daemon.Id, status.GetProperty("pid").GetInt32());
        Assert.Equal(first.Digest.ToString(), status.GetProperty("previous").GetProperty("digest").GetString());
        Assert.Equal(2, status.GetProperty("updates").GetArrayLength());
        Assert.Equal(2, status.GetProperty("sharing").GetInt32());
        Assert.InRange(status.GetProperty("resident_bytes").GetInt64(), 1, 512L << 20);
        if (isRoot)
            Assert.Equal("second", await File.ReadAllTextAsync($"/proc/{daemon.Id}/root{mounts}/current/version", Cancellation));

        string[] place = ["--state", options.StateDirectory, "--run", options.RunDirectory];
        Assert.Equal("background", status.GetProperty("limits").GetProperty("wan_mode").GetString());
        var limited = await CommandRun.RunAsync(["limit", "--wan-down", "2M", "--site-wan-up", "off", .. place]);
        Assert.True(limited.Code == 0, limited.Error);
        Assert.Contains("wan-down       2.0 MiB/s  (changed by hand; option: no limit)", limited.Out, StringComparison.Ordinal);
        Assert.Equal(2 << 20, (await StatusAsync(options)).GetProperty("limits").GetProperty("in_force").GetProperty("wan_down").GetInt64());
        var shown = await CommandRun.RunAsync(["limit", "--json", .. place]);
        Assert.Contains("\"site_wan_up\": 0", shown.Out, StringComparison.Ordinal);
        var reset = await CommandRun.RunAsync(["limit", "--reset", "--json", .. place]);
        Assert.Contains("\"changed\": []", reset.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await CommandRun.RunAsync(["limit", "--lan-up", "fast", .. place])).Code);

        var plan = await CommandRun.RunAsync(["plan", .. place]);
        Assert.Equal(5, plan.Code);
        Assert.Contains("is in place", plan.Out, StringComparison.Ordinal);
        var nothing = await CommandRun.RunAsync(["gc", "--json", .. place]);
        Assert.Equal(5, nothing.Code);
        Assert.Contains("\"releases\": []", nothing.Out, StringComparison.Ordinal);
        var pinned = await CommandRun.RunAsync(["pin", "1.0", "--state", options.StateDirectory]);
        Assert.True(pinned.Code == 0, pinned.Error);
        Assert.Equal($"release 1.0 build 1 {first.Digest} is pinned\n", pinned.Out);
        Assert.Equal(5, (await CommandRun.RunAsync(["pin", "1.0", "--state", options.StateDirectory])).Code);
        Assert.Equal(0, (await CommandRun.RunAsync(["unpin", first.Digest.ToString(), "--state", options.StateDirectory])).Code);
        Assert.Equal(5, (await CommandRun.RunAsync(["pin", "9.9", "--state", options.StateDirectory])).Code);

        var back = await CommandRun.RunAsync(["rollback", .. place]);
        Assert.True(back.Code == 0, back.Error);
        Assert.StartsWith("release 1.0 build 1", back.Out, StringComparison.Ordinal);
        var update = await CommandRun.RunAsync(["update", .. place]);
        Assert.Equal(5, update.Code);
        Assert.Contains("is not taken", update.Out, StringComparison.Ordinal);
        var again = await CommandRun.RunAsync(["activate", .. place, "--json"]);
        Assert.True(again.Code == 0, again.Error);
        Assert.Contains("\"activated\"", again.Out, StringComparison.Ordinal);
        Assert.Equal(5, (await CommandRun.RunAsync(["activate", .. place])).Code);

        Assert.Equal(0, await daemon.TerminateAsync());
        Assert.False(File.Exists(options.ControlSocketPath));
        Assert.Equal(6, (await CommandRun.RunAsync(["limit", .. place])).Code);
        await _site.PublishAsync("3.0", await BuildImageAsync("third"));
        var offlinePlan = await CommandRun.RunAsync([.. Arguments("plan", options, "--no-mount"), "--json"]);
        Assert.True(offlinePlan.Code == 0, offlinePlan.Error);
        Assert.Contains("\"in_place\": false", offlinePlan.Out, StringComparison.Ordinal);
        Assert.Equal(5, (await CommandRun.RunAsync(["gc", "--dry-run", "--no-mount", .. place])).Code);
        var offline = await CommandRun.RunAsync(["status", .. place, "--no-mount"]);
        Assert.Equal(0, offline.Code);
        Assert.Contains("no daemon on", offline.Error, StringComparison.Ordinal);
        Assert.Contains("current   2.0 build 2", offline.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_KilledWhileItUpdates_KeepsCurrentAndGoesOn()
    {
        var first = await _site.PublishAsync("1.0", 1 << 20);
        var options = _site.NewNode();
        await using (var daemon = StatelessProcess.Start(Arguments("node", options, "--no-mount")))
        {
            await daemon.WaitUntilAsync(() => File.Exists(options.ControlSocketPath));
            await WaitForAsync(options, first, mustMount: false);
            var second = await _site.PublishAsync("2.0", 8 << 20);
            var journal = Path.Combine(options.StateDirectory, "staging", second.Digest.ToString(), "resume");
            await daemon.WaitUntilAsync(() => File.Exists(journal) && new FileInfo(journal).Length > 100);
            await daemon.KillAsync();
        }
        Assert.Equal(first.Digest.ToString(), (await StatusAsync(options)).GetProperty("current").GetProperty("digest").GetString());
        await using var again = StatelessProcess.Start(Arguments("node", options, "--no-mount"));
        await again.WaitUntilAsync(() => again.Error.Contains(" ready: ", StringComparison.Ordinal));
        await again.WaitUntilAsync(() => again.Error.Contains("release 2.0", StringComparison.Ordinal) && again.Error.Contains(": current", StringComparison.Ordinal));
        var record = (await StatusAsync(options)).GetProperty("updates").EnumerateArray().Last();
        Assert.InRange(record.GetProperty("sources").GetProperty("disk").GetInt64(), 11L * PieceBytes, 8 << 20);
    }

    [Fact]
    public async Task Update_Faults_HaveTheirCodes()
    {
        var options = _site.NewNode();
        // nothing there yet
        Assert.Equal(5, (await CommandRun.RunAsync(["status", "--state", options.StateDirectory, "--run", options.RunDirectory])).Code);
        Assert.Equal(5, (await CommandRun.RunAsync(["activate", "--state", options.StateDirectory, "--run", options.RunDirectory])).Code);
        Assert.Equal(2, (await CommandRun.RunAsync(["update", "--state", options.StateDirectory, "--run", options.RunDirectory])).Code);
        Assert.Equal(5, (await CommandRun.RunAsync(Arguments("update", options, "--no-mount"))).Code);
        Assert.Equal(5, (await CommandRun.RunAsync(Arguments("update", options, "--config", _site["none.json"]))).Code);
        await File.WriteAllTextAsync(_site["node.json"], """{"sites": "north"}""", Cancellation);
        var config = await CommandRun.RunAsync(Arguments("update", options, "--config", _site["node.json"]));
        Assert.Equal(2, config.Code);
        Assert.Contains("sites: unknown setting, did you mean site?", config.Error, StringComparison.Ordinal);

        await _site.PublishAsync("1.0", 1 << 20);
        var channel = RepositoryLayout.Channel("web", "stable");
        var bytes = await File.ReadAllBytesAsync(_site.PathOf(channel), Cancellation);
        bytes[^1] ^= 1;
        _site.Replace(channel, bytes);
        var refused = await CommandRun.RunAsync(Arguments("update", options, "--no-mount"));
        Assert.Equal(3, refused.Code);
        Assert.Contains("stateless: refused: ", refused.Error, StringComparison.Ordinal);
        _site.Restore(channel);
        Assert.Equal(0, (await CommandRun.RunAsync(Arguments("update", options, "--no-mount"))).Code);
        Assert.Equal(5, (await CommandRun.RunAsync(Arguments("update", options, "--no-mount"))).Code);
        _site.IsUp = false;
        Assert.Equal(6, (await CommandRun.RunAsync(Arguments("update", options, "--no-mount"))).Code);
    }

    [Fact]
    public async Task Update_ConfigurationFile_IsUsedUnderTheOptions()
    {
        await _site.PublishAsync("1.0", 1 << 20);
        var options = _site.NewNode();
        var file = _site["node.json"];
        await File.WriteAllTextAsync(
            file,
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                {
                  "server": "{{_site.Url}}", "follow": "web/none", "trust": "{{_site.TrustPath}}", "port": 0,
                  "state": "{{options.StateDirectory}}", "run": "{{options.RunDirectory}}", "no-mdns": true, "no-mount": true,
                  "listen": ["127.0.0.1"]
                }
                """
            ),
            Cancellation
        );
        Assert.Equal(5, (await CommandRun.RunAsync("update", "--config", file)).Code);
        var run = await CommandRun.RunAsync("update", "--config", file, "--follow", "web/stable", "--json");
        Assert.True(run.Code == 0, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal("activated", json.RootElement.GetProperty("outcome").GetString());
        Assert.Equal("1.0", json.RootElement.GetProperty("release").GetProperty("version").GetString());
    }

    private static async Task WaitForAsync(NodeOptions options, PublishedRelease release, bool mustMount)
    {
        while (true)
        {
            if (File.Exists(options.ControlSocketPath))
            {
                var digest = release.Digest.ToString();
                var status = await StatusAsync(options);
                var current = status.GetProperty("current");
                // the link of the mounts moves after those of the slots
                if (current.ValueKind == JsonValueKind.Object
                    && current.GetProperty("digest").GetString() == digest
                    && (!mustMount || status.GetProperty("mounted_root").GetString()?.Contains(digest, StringComparison.Ordinal) == true))
                    return;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Cancellation);
        }
    }

    private async Task<string> BuildImageAsync(string version)
    {
        var tree = _site["tree"];
        Directory.CreateDirectory(tree);
        await File.WriteAllTextAsync(Path.Combine(tree, "version"), version, Cancellation);
        var image = _site[version + ".squashfs"];
        var run = await CommandRun.RunAsync("image", "build", tree, "-o", image, "--level", "1");
        Assert.True(run.Code == 0, run.Error);
        return image;
    }
}
