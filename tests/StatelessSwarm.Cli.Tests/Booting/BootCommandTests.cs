using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Cli.Tests.Booting;

public sealed class BootCommandTests : IDisposable
{
    private static readonly Sha256Digest Release = Sha256Digest.HashData([1]);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Run => _directory["run"];

    private BootLedger Ledger => BootLedger.Open(ReleaseStore.Open(_directory["state"]));

    private void WriteRecord(bool isPersistent = true)
    {
        Directory.CreateDirectory(Run);
        var record = new BootRecord
        {
            Product = "web",
            Release = new SlotRelease(Release, "1.0", 7),
            Reason = BootReason.Updated,
            StateDirectory = _directory["state"],
            IsPersistent = isPersistent,
            IsVerified = true,
            Sources = new SourceBytes(0, 1 << 20, 0, 0),
            Steps = [new BootStep("mount", 1500, 250)],
            AgentStartMilliseconds = 500,
            Notes = ["no-peer: nobody"],
        };
        using var file = File.Create(Path.Combine(Run, "boot.json"));
        using var json = new Utf8JsonWriter(file);
        record.Write(json);
    }

    [Fact]
    public async Task Bless_ReleaseOnTrial_IsGoodThen()
    {
        WriteRecord();
        Ledger.Take(Release, 3);
        var status = await CommandRun.RunAsync("boot", "status", "--run", Run);
        Assert.Contains("tries     2 left, not blessed yet", status.Out, StringComparison.Ordinal);
        var run = await CommandRun.RunAsync("boot", "bless", "--run", Run, "--health", _directory["none"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(BootTries.Good, Ledger.Read(Release));
        status = await CommandRun.RunAsync("boot", "status", "--run", Run);
        Assert.Contains("tries     good", status.Out, StringComparison.Ordinal);
        Assert.Contains("step      mount       0.250 s, from 2.000 s", status.Out, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await CommandRun.RunAsync("boot", "status", "--run", Run, "--json")).Out);
        Assert.True(json.RootElement.GetProperty("boot").GetProperty("tries").GetProperty("good").GetBoolean());
    }

    [Fact]
    public async Task Bless_RequiredCheckFails_IsNotBlessed()
    {
        WriteRecord();
        Ledger.Take(Release, 3);
        await Shell.RunAsync(
            _directory.Path,
            """
            mkdir -p health/required.d health/wanted.d
            printf '#!/bin/sh\nexit 1\n' > health/wanted.d/10-nice
            printf '#!/bin/sh\necho disk is full >&2\nexit 3\n' > health/required.d/20-disk
            printf '#!/bin/sh\nexit 9\n' > health/required.d/README
            chmod +x health/*/[0-9]*
            """
        );
        var run = await CommandRun.RunAsync("boot", "bless", "--run", Run, "--health", _directory["health"]);
        Assert.Equal(1, run.Code);
        Assert.Contains("10-nice ended with code 1", run.Error, StringComparison.Ordinal);
        Assert.Contains("not blessed: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("20-disk ended with code 3: disk is full", run.Error, StringComparison.Ordinal);
        Assert.False(Ledger.Read(Release)!.IsGood);
        File.Delete(_directory["health/required.d/20-disk"]);
        Assert.Equal(0, (await CommandRun.RunAsync("boot", "bless", "--run", Run, "--health", _directory["health"])).Code);
        Assert.True(Ledger.Read(Release)!.IsGood);
    }

    [Fact]
    public async Task Bless_ReleaseInMemory_SaysThatNothingIsCounted()
    {
        WriteRecord(isPersistent: false);
        var run = await CommandRun.RunAsync("boot", "bless", "--run", Run);
        Assert.Equal(0, run.Code);
        Assert.Contains("runs from memory: its boots are not counted", run.Error, StringComparison.Ordinal);
        Assert.Contains("not counted", (await CommandRun.RunAsync("boot", "status", "--run", Run)).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bless")]
    [InlineData("status")]
    public async Task Command_MachineThatWasNotBootedByUs_SaysSo(string command)
    {
        var run = await CommandRun.RunAsync("boot", command, "--run", Run);
        Assert.Equal(5, run.Code);
        Assert.Contains("this machine was not booted by stateless", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_ListedAndChecked()
    {
        var run = await CommandRun.RunAsync("boot", "parameters");
        Assert.Equal(0, run.Code);
        Assert.All(BootParameterReader.All, parameter => Assert.Contains(parameter.Name, run.Out, StringComparison.Ordinal));
        run = await CommandRun.RunAsync("boot", "parameters", "root=stateless:web/stable rd.stateless.sead=http://x");
        Assert.Equal(2, run.Code);
        Assert.Contains("did you mean rd.stateless.seed?", run.Error, StringComparison.Ordinal);
        Assert.Contains("boots web/stable", run.Out, StringComparison.Ordinal);
    }

    /// <summary>The agent of an initramfs is called so: a first word with '@' is no file with more arguments.</summary>
    [Fact]
    public async Task Run_WordThatBeginsWithAt_IsAWord()
    {
        var run = await CommandRun.RunAsync("boot", "parameters", "@/etc/passwd");
        Assert.Equal(0, run.Code);
    }
}
