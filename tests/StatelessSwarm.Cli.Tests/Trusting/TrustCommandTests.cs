using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Tests.Trusting;

/// <summary>The life of roles and keys by the command line; what a machine believes of it is asked of a reader of its own.</summary>
public sealed class TrustCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    private string this[string name] => _directory[name];

    private Func<string, string?> WithPassphrase(string text)
    {
        File.WriteAllText(this["passphrase"], text + "\n");
        return name => name == "STATELESS_PASSPHRASE_FILE" ? this["passphrase"] : Environment.GetEnvironmentVariable(name);
    }

    private static async Task<CommandRun> RunAsync(params string[] arguments)
    {
        var run = await CommandRun.RunAsync(arguments);
        Assert.True(run.Code == 0, $"{string.Join(' ', arguments)}: {run.Error}");
        return run;
    }

    private static async Task<string> FailAsync(int code, params string[] arguments)
    {
        var run = await CommandRun.RunAsync(arguments);
        Assert.True(run.Code == code, $"{string.Join(' ', arguments)}: code {run.Code}: {run.Error}");
        return run.Error;
    }

    private async Task NewKeysAsync(params string[] names)
    {
        foreach (var name in names)
            await RunAsync("key", "new", "-o", this[name + ".key"]);
    }

    private string Key(string name) => this[name + ".key"];

    private string Public(string name) => this[name + ".key.pub"];

    /// <summary>Two of three hold the root, one each signs releases and channels; keys never meet.</summary>
    private async Task InitAsync()
    {
        await NewKeysAsync("alice", "bob", "carol", "ci", "ops");
        await RunAsync(
            "trust", "draft", "-o", this["root.mp"], "--root", Public("alice"), "--root", Public("bob"), "--root", Public("carol"), "--threshold", "root=2",
            "--release", Public("ci"), "--channel", Public("ops")
        );
        await FailAsync(3, "repo", "init", this["repo"], "--root", this["root.mp"]);
        await RunAsync("trust", "sign", this["root.mp"], "--key", Key("alice"));
        await FailAsync(3, "repo", "init", this["repo"], "--root", this["root.mp"]);
        // the same key again counts once
        await RunAsync("trust", "sign", this["root.mp"], "--key", Key("alice"));
        await FailAsync(3, "repo", "init", this["repo"], "--root", this["root.mp"]);
        await RunAsync("trust", "sign", this["root.mp"], "--key", Key("carol"));
        await RunAsync("repo", "init", this["repo"], "--root", this["root.mp"]);
    }

    private async Task PublishAsync(string version, params string[] keys)
    {
        Directory.CreateDirectory(this["tree"]);
        await File.WriteAllTextAsync(this["tree/version"], version, Cancellation);
        await RunAsync("image", "build", this["tree"], "-o", this[$"root-{version}.squashfs"]);
        await RunAsync([
            "publish", "--repo", this["repo"], "--product", "web", "--version", version, "--root", this[$"root-{version}.squashfs"], "--channel", "stable",
            .. keys.SelectMany(key => (string[])["--key", Key(key)]),
        ]);
    }

    private TrustedMetadata NewReader(string name = "reader") =>
        TrustedMetadata.Open(this[name], File.ReadAllBytes(this["root.mp"]), TimeProvider.System);

    private void Follow(TrustedMetadata reader)
    {
        while (File.Exists(this["repo/" + RepositoryLayout.RootVersion(reader.RootVersion + 1)]))
            reader.AcceptRoot(File.ReadAllBytes(this["repo/" + RepositoryLayout.RootVersion(reader.RootVersion + 1)]));
        var pointer = reader.AcceptChannel(File.ReadAllBytes(this["repo/" + RepositoryLayout.Channel("web", "stable")]), "web", "stable");
        reader.AcceptManifest(File.ReadAllBytes(this["repo/" + RepositoryLayout.Manifest(pointer.Release)]), pointer);
    }

    [Fact]
    public async Task Life_CreateSignOfflinePublish_IsBelieved()
    {
        await InitAsync();
        await PublishAsync("1.0", "ci", "ops");
        Follow(NewReader());
        Assert.Contains("release keys", await FailAsync(3, "publish", "--repo", this["repo"], "--product", "web", "--version", "2.0", "--root", this["root-1.0.squashfs"], "--channel", "stable", "--key", Key("ops")), StringComparison.Ordinal);
    }

    /// <summary>The release key is stolen: a new one takes its place, everything is signed again, and what the thief signs is refused.</summary>
    [Fact]
    public async Task Life_ReleaseKeyStolen_IsRevokedAndReleasesLiveOn()
    {
        await InitAsync();
        await PublishAsync("1.0", "ci", "ops");
        var reader = NewReader();
        Follow(reader);
        var digest = await RunAsync("repo", "list", this["repo"], "--json");

        await NewKeysAsync("ci2");
        await RunAsync("trust", "draft", "--from", this["repo/metadata/root.mp"], "--release", Public("ci2"), "-o", this["next.mp"]);
        await RunAsync("trust", "sign", this["next.mp"], "--key", Key("bob"));
        Assert.Contains("1 of 2 needed root keys", await FailAsync(3, "trust", "publish", this["next.mp"], "--repo", this["repo"]), StringComparison.Ordinal);
        await RunAsync("trust", "sign", this["next.mp"], "--key", Key("alice"));
        await RunAsync("trust", "publish", this["next.mp"], "--repo", this["repo"]);

        // until the releases are signed again the newest root does not believe them
        Assert.Throws<TrustException>(() => Follow(NewReader("other")));
        Assert.Contains("too few of the keys given", await FailAsync(3, "trust", "resign", "--repo", this["repo"], "--key", Key("ci")), StringComparison.Ordinal);
        Assert.Contains("1 signed again, 1 were sound", (await RunAsync("trust", "resign", "--repo", this["repo"], "--key", Key("ci2"))).Out, StringComparison.Ordinal);
        Follow(reader);
        Follow(NewReader("third"));
        Assert.Equal(digest.Out, (await RunAsync("repo", "list", this["repo"], "--json")).Out);
        await RunAsync("repo", "check", this["repo"]);

        // the thief
        Assert.Contains("release keys", await FailAsync(3, "publish", "--repo", this["repo"], "--product", "web", "--version", "6.6", "--root", this["root-1.0.squashfs"], "--channel", "stable", "--key", Key("ci"), "--key", Key("ops")), StringComparison.Ordinal);
        await PublishAsync("2.0", "ci2", "ops");
        Follow(reader);
    }

    /// <summary>Root keys change hands one at a time; each step is signed by a threshold of the old and of the new ones.</summary>
    [Fact]
    public async Task Life_RootKeysRotate_OnlyByOldAndNewTogether()
    {
        await InitAsync();
        await PublishAsync("1.0", "ci", "ops");
        await NewKeysAsync("dave", "erin");
        await RunAsync("trust", "draft", "--from", this["repo/metadata/root.mp"], "--root", Public("dave"), "--root", Public("erin"), "--threshold", "root=2", "-o", this["next.mp"]);
        await RunAsync("trust", "sign", this["next.mp"], "--key", Key("dave"), "--key", Key("erin"));
        Assert.Contains("by the keys before it", await FailAsync(3, "trust", "publish", this["next.mp"], "--repo", this["repo"]), StringComparison.Ordinal);
        await RunAsync("trust", "sign", this["next.mp"], "--key", Key("alice"), "--key", Key("bob"));
        await RunAsync("trust", "publish", this["next.mp"], "--repo", this["repo"]);
        Follow(NewReader());
        // the old ones have nothing to say any more
        await RunAsync("trust", "draft", "--from", this["repo/metadata/root.mp"], "--days", "30", "-o", this["third.mp"]);
        await RunAsync("trust", "sign", this["third.mp"], "--key", Key("alice"), "--key", Key("bob"));
        await FailAsync(3, "trust", "publish", this["third.mp"], "--repo", this["repo"]);
    }

    [Fact]
    public async Task Show_EveryKind_SaysWhatItIsAndWhoSigned()
    {
        await InitAsync();
        await PublishAsync("1.0", "ci", "ops");
        var text = (await RunAsync("trust", "show", this["root.mp"])).Out;
        Assert.Contains("root metadata version 1", text, StringComparison.Ordinal);
        Assert.Contains("root      2 of 3", text, StringComparison.Ordinal);
        Assert.Contains("2 of 2 needed root keys have signed", text, StringComparison.Ordinal);
        var channel = this["repo/" + RepositoryLayout.Channel("web", "stable")];
        Assert.Contains("channel web/stable serial 1", (await RunAsync("trust", "show", channel)).Out, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await RunAsync("trust", "show", channel, "--root", this["root.mp"], "--json")).Out);
        Assert.Equal(("channel", 1, 1), (json.RootElement.GetProperty("kind").GetString(), json.RootElement.GetProperty("valid").GetInt32(), json.RootElement.GetProperty("needed").GetInt32()));
        // a signature by a key without the role counts nothing
        await RunAsync("trust", "draft", "--from", this["root.mp"], "-o", this["next.mp"]);
        await RunAsync("trust", "sign", this["next.mp"], "--key", Key("ops"));
        var run = await CommandRun.RunAsync("trust", "show", this["next.mp"]);
        Assert.Equal(3, run.Code);
        Assert.Contains("0 of 2 needed root keys have signed; 0 invalid, 1 by other keys", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_UnderAPassphrase_SignsOnlyWithIt()
    {
        var right = WithPassphrase("correct horse");
        Assert.Equal(0, (await CommandRun.RunAsync(right, "key", "new", "-o", Key("sealed"), "--sealed")).Code);
        var file = await File.ReadAllTextAsync(Key("sealed"), Cancellation);
        Assert.StartsWith("stateless-sealed-key-v1\n", file, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandRun.RunAsync(right, "repo", "init", this["repo"], "--key", Key("sealed"))).Code);
        var wrong = await CommandRun.RunAsync(WithPassphrase("wrong"), "repo", "init", this["other"], "--key", Key("sealed"));
        Assert.Equal(1, wrong.Code);
        Assert.Contains("the passphrase is not the one it was sealed with", wrong.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(file.Split('\n')[3], wrong.Error, StringComparison.Ordinal);
        var nobody = await CommandRun.RunAsync(_ => null, "repo", "init", this["other"], "--key", Key("sealed"));
        Assert.Equal(2, nobody.Code);
        Assert.Contains("needs a passphrase", nobody.Error, StringComparison.Ordinal);
        // any change of the file is noticed
        foreach (var line in (int[])[1, 2, 3, 4])
        {
            var lines = file.Split('\n');
            var at = lines[line].Length - 1;
            lines[line] = lines[line][..at] + (lines[line][at] == '0' ? '1' : '0');
            File.Delete(Key("damaged"));
            await File.WriteAllTextAsync(Key("damaged"), string.Join('\n', lines), Cancellation);
            File.SetUnixFileMode(Key("damaged"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Assert.Equal(1, (await CommandRun.RunAsync(WithPassphrase("correct horse"), "repo", "init", this["other"], "--key", Key("damaged"))).Code);
        }
    }

    /// <summary>A key of OpenSSL, of which this program sees the public half only, signs for a role.</summary>
    [Fact]
    public async Task Key_HeldByAnotherProgram_SignsWhatItIsGiven()
    {
        var hex = await Shell.RunAsync(_directory.Path, "openssl genpkey -algorithm ed25519 -out token.pem; openssl pkey -in token.pem -pubout -outform DER | tail -c 32 | od -An -tx1 | tr -d ' \n'");
        await RunAsync("key", "import", hex, "-o", this["token.pub"]);
        var signer = $"cmd:{this["token.pub"]}:cat > {this["in"]} && openssl pkeyutl -sign -rawin -inkey {this["token.pem"]} -in {this["in"]}";
        await RunAsync("repo", "init", this["repo"], "--key", signer);
        await RunAsync("repo", "check", this["repo"]);
        Assert.Contains("is no signature by that key", await FailAsync(3, "repo", "init", this["other"], "--key", $"cmd:{this["token.pub"]}:head -c 64 /dev/zero"), StringComparison.Ordinal);
        Assert.Contains("ended with code 7", await FailAsync(1, "repo", "init", this["other"], "--key", $"cmd:{this["token.pub"]}:exit 7"), StringComparison.Ordinal);
        Assert.Contains("expected cmd:FILE.pub:COMMAND", await FailAsync(2, "repo", "init", this["other"], "--key", "cmd:x"), StringComparison.Ordinal);
        Assert.Contains("no Ed25519 public key", await FailAsync(2, "key", "import", "12", "-o", this["bad.pub"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--threshold", "root=0", "--threshold root=0: expected")]
    [InlineData("--threshold", "boss=1", "--threshold boss=1: expected")]
    [InlineData("--days", "0", "--days 0: expected 1 to 3650")]
    [InlineData("--from", "/nothing", "/nothing: no such file")]
    public async Task Draft_WrongOption_SaysWhatWasExpected(string option, string value, string expected)
    {
        await NewKeysAsync("a");
        var run = await CommandRun.RunAsync("trust", "draft", "-o", this["x.mp"], "--root", Public("a"), "--release", Public("a"), "--channel", Public("a"), option, value);
        Assert.NotEqual(0, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(this["x.mp"]));
    }

    [Fact]
    public async Task Draft_RoleWithoutKeysOrTooHighAThreshold_IsRefused()
    {
        await NewKeysAsync("a");
        Assert.Contains("--channel is missing", await FailAsync(2, "trust", "draft", "-o", this["x.mp"], "--root", Public("a"), "--release", Public("a")), StringComparison.Ordinal);
        await FailAsync(3, "trust", "draft", "-o", this["x.mp"], "--root", Public("a"), "--release", Public("a"), "--channel", Public("a"), "--threshold", "root=2");
    }
}
