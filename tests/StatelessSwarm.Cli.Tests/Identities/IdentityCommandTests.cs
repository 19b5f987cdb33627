using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Cli.Tests.Identities;

/// <summary>Closed swarms by the command line, without a network: what goes over one is in docs/closed-swarms.md, which is run.</summary>
public sealed class IdentityCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string this[string name] => _directory[name];

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var run = await CommandRun.RunAsync(arguments);
        Assert.True(run.Code == 0, $"{string.Join(' ', arguments)}: {run.Error}");
        return run.Out;
    }

    private static async Task<string> FailAsync(int code, params string[] arguments)
    {
        var run = await CommandRun.RunAsync(arguments);
        Assert.True(run.Code == code, $"{string.Join(' ', arguments)}: code {run.Code}: {run.Error}");
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        return run.Error;
    }

    /// <summary>An authority that is never online: the key stays, a request goes there, a certificate comes back.</summary>
    [Fact]
    public async Task RequestAndAnswer_ByHand_MakeAnIdentity()
    {
        await RunAsync("identity", "authority", this["authority"]);
        await RunAsync("identity", "request", this["node"]);
        await FailAsync(1, "identity", "request", this["node"]);
        await FailAsync(1, "identity", "show", this["node"]);
        await RunAsync("identity", "issue", "--authority", this["authority"], "--name", "web-17", "--request", this["node/identity.csr"], "-o", this["node/identity.pem"]);
        File.Copy(this["authority/authority.pem"], this["node/authority.pem"]);
        using var shown = JsonDocument.Parse(await RunAsync("identity", "show", this["node"], "--json"));
        using var listed = JsonDocument.Parse(await RunAsync("identity", "list", "--authority", this["authority"], "--json"));
        var one = Assert.Single(listed.RootElement.GetProperty("identities").EnumerateArray());
        Assert.Equal("web-17", one.GetProperty("name").GetString());
        Assert.Equal(shown.RootElement.GetProperty("key_id").GetString(), one.GetProperty("key_id").GetString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(this["node/identity.key"]));
        using var identity = SwarmIdentity.Open(this["node"], TimeProvider.System);
        Assert.Equal(shown.RootElement.GetProperty("authority").GetString(), identity.Authority.ToString());
    }

    [Fact]
    public async Task Issue_WholeIdentity_NeverOverwritesAKey()
    {
        await RunAsync("identity", "authority", this["authority"]);
        await FailAsync(1, "identity", "authority", this["authority"]);
        await RunAsync("identity", "issue", "--authority", this["authority"], "--name", "seed", "--host", "seed.example", "-o", this["seed"]);
        var key = await File.ReadAllTextAsync(this["seed/identity.key"], TestContext.Current.CancellationToken);
        await FailAsync(1, "identity", "issue", "--authority", this["authority"], "--name", "seed", "-o", this["seed"]);
        Assert.Equal(key, await File.ReadAllTextAsync(this["seed/identity.key"], TestContext.Current.CancellationToken));
        Assert.Contains("expected a DNS name", await FailAsync(3, "identity", "issue", "--authority", this["authority"], "--name", "x", "--host", "a b", "-o", this["x"]), StringComparison.Ordinal);
        Assert.Contains("expected 1 to 64", await FailAsync(3, "identity", "issue", "--authority", this["authority"], "--name", "a b", "-o", this["x"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_IsPrintedOnceAndTakenBack()
    {
        await RunAsync("identity", "authority", this["authority"]);
        var token = (await RunAsync("identity", "token", "--authority", this["authority"], "--name", "web-17")).Trim();
        Assert.StartsWith("ss1.", token, StringComparison.Ordinal);
        var id = token.Split('.')[1];
        await RunAsync("identity", "token", "--authority", this["authority"], "--remove", id);
        await FailAsync(5, "identity", "token", "--authority", this["authority"], "--remove", id);
        await FailAsync(2, "identity", "token", "--authority", this["authority"], "--uses", "-1");
        await FailAsync(2, "identity", "token", "--authority", this["authority"], "--hours", "0");
    }

    [Fact]
    public async Task Enrol_WrongWords_AreUsageErrorsThatShowNoSecret()
    {
        await FailAsync(2, "identity", "enrol", this["node"], "--server", "https://localhost:1");
        await FailAsync(2, "identity", "enrol", this["node"], "--server", "https://localhost:1", "--token", "a", "--token-file", "b");
        await FailAsync(5, "identity", "enrol", this["node"], "--server", "https://localhost:1", "--token-file", this["missing"]);
        Assert.DoesNotContain("geheim", await FailAsync(2, "identity", "enrol", this["node"], "--server", "https://localhost:1", "--token", "ss1.geheim"), StringComparison.Ordinal);
        await RunAsync("identity", "authority", this["authority"]);
        var token = (await RunAsync("identity", "token", "--authority", this["authority"])).Trim();
        await FailAsync(2, "identity", "enrol", this["node"], "--server", "ftp://localhost", "--token", token);
        var error = await FailAsync(6, "identity", "enrol", this["node"], "--server", "https://127.0.0.1:1", "--token", token);
        Assert.DoesNotContain(token.Split('.')[2], error, StringComparison.Ordinal);
        Assert.False(File.Exists(this["node/identity.key"]));
    }

    [Fact]
    public async Task Revoke_ByNameOrKey_AndUndo()
    {
        await RunAsync("identity", "authority", this["authority"]);
        await RunAsync("identity", "issue", "--authority", this["authority"], "--name", "web-17", "-o", this["node"]);
        await RunAsync("key", "new", "-o", this["k"]);
        await RunAsync("repo", "init", this["repo"], "--key", this["k"], "--authority", this["authority/authority.pem"]);
        Assert.Contains("names want --authority", await FailAsync(5, "identity", "revoke", "web-17", "--repo", this["repo"], "--key", this["k"]), StringComparison.Ordinal);
        await FailAsync(5, "identity", "revoke", "web-18", "--authority", this["authority"], "--repo", this["repo"], "--key", this["k"]);
        Assert.Contains("version 1, 1 key(s)", await RunAsync("identity", "revoke", "web-17", "--authority", this["authority"], "--repo", this["repo"], "--key", this["k"]), StringComparison.Ordinal);
        using var shown = JsonDocument.Parse(await RunAsync("trust", "show", this["repo/metadata/revoked.mp"], "--root", this["repo/metadata/root.mp"], "--json"));
        var id = Assert.Single(shown.RootElement.GetProperty("keys").EnumerateArray()).GetString()!;
        Assert.Contains("version 2, 0 key(s)", await RunAsync("identity", "revoke", id, "--undo", "--repo", this["repo"], "--key", this["k"]), StringComparison.Ordinal);
        await RunAsync("repo", "check", this["repo"]);
    }

    [Fact]
    public async Task Close_AndOpen_HoldForWhatIsPublishedNext()
    {
        await RunAsync("identity", "authority", this["authority"]);
        await RunAsync("key", "new", "-o", this["k"]);
        await RunAsync("repo", "init", this["repo"], "--key", this["k"]);
        await FailAsync(2, "repo", "close", this["repo"]);
        await FailAsync(5, "repo", "close", this["repo"], "--authority", this["missing"]);
        await FailAsync(1, "repo", "close", this["repo"], "--authority", this["k"]);
        await RunAsync("repo", "close", this["repo"], "--authority", this["authority/authority.pem"]);
        Assert.True(File.Exists(this["repo/metadata/authority.pem"]));
        await RunAsync("repo", "close", this["repo"], "--open");
        Assert.False(File.Exists(this["repo/metadata/authority.pem"]));
    }

    [Fact]
    public async Task Torrent_WithAuthority_IsClosed()
    {
        await RunAsync("identity", "authority", this["authority"]);
        await File.WriteAllBytesAsync(this["file"], new byte[100_000], TestContext.Current.CancellationToken);
        await RunAsync("torrent", "create", this["file"], "-o", this["closed.torrent"], "--authority", this["authority/authority.pem"]);
        using var shown = JsonDocument.Parse(await RunAsync("torrent", "info", this["closed.torrent"], "--json"));
        Assert.True(shown.RootElement.GetProperty("closed").GetBoolean());
        var info = Metainfo.Parse(await File.ReadAllBytesAsync(this["closed.torrent"], TestContext.Current.CancellationToken)).Info;
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", info.Authority, StringComparison.Ordinal);
        Assert.Contains("its swarm is closed", await FailAsync(1, "torrent", "get", this["closed.torrent"], "-o", this["out"], "--port", "0", "--no-lsd"), StringComparison.Ordinal);
        Assert.Contains("identity.pem", await FailAsync(1, "torrent", "get", this["closed.torrent"], "-o", this["out"], "--port", "0", "--identity", this["authority"]), StringComparison.Ordinal);
    }
}
