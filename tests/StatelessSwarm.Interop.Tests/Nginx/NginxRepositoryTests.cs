using System.Text.Json;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Interop.Tests.Nginx;

/// <summary>
/// A repository behind nginx and nothing else: no seed process, no tracker, no peer. A node fetches a release over HTTP ranges, and of the next
/// one only what it lacks. Everything is done by the programs as a user has them.
/// </summary>
public sealed class NginxRepositoryTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly string Stateless = BuiltProgram.PathOf("StatelessSwarm.Cli", "stateless");

    private readonly string _directory = Directory.CreateTempSubdirectory("ss-anywhere-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Node_StaticFilesAlone_FetchesByRangesAndLaterOnlyWhatIsNew()
    {
        await RunAsync("key", "new", "-o", At("key"));
        await RunAsync("repo", "init", At("repo"), "--key", At("key"));
        var first = await PublishAsync("1.0", changed: 0);
        await using var nginx = await NginxServer.StartAsync(At("repo"), "location ~ /\\. { return 404; }");

        var fresh = await UpdateAsync(nginx, "1.0");
        Assert.Equal((0, first), (fresh.GetProperty("disk").GetInt64(), fresh.GetProperty("http").GetInt64()));
        var payload = nginx.AccessLog.Where(line => line.Contains("root.squashfs", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(payload);
        Assert.All(payload, line => Assert.EndsWith(" 206", line, StringComparison.Ordinal));

        var second = await PublishAsync("2.0", changed: 1);
        var update = await UpdateAsync(nginx, "2.0");
        Assert.InRange(update.GetProperty("http").GetInt64(), 1, second / 4);
        Assert.Equal(second, update.GetProperty("disk").GetInt64() + update.GetProperty("http").GetInt64());
        Assert.Contains(nginx.AccessLog, line => line.Contains("root.chunks ", StringComparison.Ordinal));
        Assert.All(nginx.AccessLog, line => Assert.DoesNotContain("/.", line, StringComparison.Ordinal));
    }

    /// <summary>Publishes an image of eight files of incompressible bytes, one of them by number; its length.</summary>
    private async Task<long> PublishAsync(string version, int changed)
    {
        var tree = Directory.CreateDirectory(At("tree")).FullName;
        for (var file = 0; file < 8; file++)
        {
            var bytes = new byte[1_000_000];
#pragma warning disable CA5394 // no secret
            new Random(file == 4 ? 100 + changed : file).NextBytes(bytes);
#pragma warning restore CA5394
            await File.WriteAllBytesAsync(Path.Combine(tree, $"file{file}"), bytes);
        }
        var image = At(version + ".squashfs");
        await RunAsync("image", "build", tree, "-o", image, "--level", "1");
        await RunAsync("publish", "--repo", At("repo"), "--product", "web", "--version", version, "--root", image, "--channel", "stable", "--key", At("key"));
        return new FileInfo(image).Length;
    }

    /// <summary>Updates; where the bytes came from.</summary>
    private async Task<JsonElement> UpdateAsync(NginxServer server, string version)
    {
        string[] place = ["--state", At("state"), "--run", At("run"), "--no-mount"];
        await RunAsync(
            ["update", "--server", $"{server.Url}", "--follow", "web/stable", "--trust", At("repo/metadata/root.mp"), "--port", "0", "--no-mdns", .. place]
        );
        var status = JsonDocument.Parse(await RunAsync(["status", "--json", .. place])).RootElement;
        Assert.Equal(version, status.GetProperty("current").GetProperty("version").GetString());
        return status.GetProperty("updates").EnumerateArray().Last().GetProperty("sources");
    }

    private string At(string name) => Path.Combine(_directory, name);

    private static async Task<string> RunAsync(params IReadOnlyList<string> arguments)
    {
        var (code, output) = await LineProcess.RunAsync(Patience, Stateless, arguments);
        Assert.True(code == 0, $"stateless {string.Join(' ', arguments)}: exit code {code}: {output}");
        return string.Join('\n', output.Split('\n').Where(line => !line.StartsWith("error: ", StringComparison.Ordinal)));
    }
}
