using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Node.Tests.Booting;

/// <summary>
/// The flow of a boot, row by row of its fallback matrix: real releases from a seed in this process, a machine whose network,
/// disk and mounts do what a test says.
/// </summary>
public sealed class BootFlowTests : IAsyncLifetime
{
    private const int ImageBytes = 60 * 4096;

    private readonly TemporaryDirectory _directory = new();
    private TestSite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await TestSite.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _directory.Dispose();
    }

    private FakeMachine NewMachine(string name = "disk") => new(_directory[name]);

    private Task<BootResult> BootAsync(FakeMachine machine, Func<BootParameters, BootParameters>? change = null)
    {
        var settings = new NodeSettings();
        settings.Set("trust", "test", _site.TrustPath);
        settings.Set("no-mdns", "test", "true");
        settings.Set("port", "test", "0");
        settings.Set("listen", "test", "127.0.0.1");
        var parameters = new BootParameters { Follow = new FollowedChannel("web", "stable"), Seeds = [_site.Url] };
        var flow = new BootFlow(
            change?.Invoke(parameters) ?? parameters,
            settings,
            machine,
            new BootMountOptions { Target = _directory["newroot"], Directory = _directory["run"] },
            TimeProvider.System,
            NullLoggerFactory.Instance
        );
        return flow.RunAsync(Cancellation);
    }

    private static void Bless(FakeMachine machine, Sha256Digest release) => BootLedger.Open(ReleaseStore.Open(machine.State)).Bless(release);

    [Fact]
    public async Task Boot_EmptyDisk_FetchesTakesATryAndMounts()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        var (record, settings) = await BootAsync(machine);
        Assert.Equal((release.Digest, BootReason.Updated, false), (record.Release.Digest, record.Reason, record.IsDegraded));
        Assert.Equal(new BootTries(2, 1, false), record.Tries);
        Assert.True(record.Sources.Lan + record.Sources.Wan >= ImageBytes);
        Assert.Equal(["cache", "network", "update", "ledger", "kernel", "mount", "slots"], record.Steps.Select(step => step.Name));
        Assert.Equal([release.Digest], machine.Mounted);
        Assert.Equal(release.Digest, RootSlots.Open(ReleaseStore.Open(machine.State)).Read().Current);
        // what the agent goes on with
        var options = settings.ToOptions(NodeDefaults.For(isRoot: true, _ => null));
        Assert.Equal((machine.State, ActivationPolicy.Next, null), (options.StateDirectory, options.Activation, options.MountDirectory));
        Assert.Equal(_site.Url, options.Server);
    }

    [Fact]
    public async Task Boot_SecondTime_IsUpToDateAndBlessedOnesAreNotCounted()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        Bless(machine, release.Digest);
        var record = (await BootAsync(machine)).Record;
        Assert.Equal((BootReason.UpToDate, BootTries.Good), (record.Reason, record.Tries));
    }

    [Theory]
    [InlineData(BootNetworkState.NoLink, BootReason.NoLink)]
    [InlineData(BootNetworkState.NoAddress, BootReason.NoAddress)]
    public async Task Boot_NoNetworkAndAGoodRelease_BootsIt(BootNetworkState network, string reason)
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        machine.Network = network;
        var record = (await BootAsync(machine)).Record;
        Assert.Equal((release.Digest, reason), (record.Release.Digest, record.Reason));
        Assert.Equal(new BootParameters().LinkTimeout, machine.LinkLimit);
    }

    /// <summary>A live image needs no network, and goes on with the server that the network named.</summary>
    [Theory]
    [InlineData(BootNetworkState.NoLink)]
    [InlineData(BootNetworkState.Ready)]
    public async Task Boot_Medium_TheReleaseComesFromThereAndNobodyWaitsForTheNetwork(BootNetworkState network)
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        (machine.Network, machine.Medium) = (network, _site.Url);
        var later = new Uri("http://127.0.0.1:9/");
        var (record, settings) = await BootAsync(
            machine,
            parameters => parameters with { Medium = "LABEL=LIVE", Seeds = [later], Follow = new FollowedChannel("", "", release.Digest) }
        );
        Assert.Equal((release.Digest, BootReason.Updated), (record.Release.Digest, record.Reason));
        Assert.Equal(new BootParameters().LinkTimeout, machine.LinkLimit);
        Assert.Contains("medium", record.Steps.Select(step => step.Name));
        Assert.Equal(later, settings.ToOptions(NodeDefaults.For(isRoot: true, _ => null)).Server);
    }

    [Fact]
    public async Task Boot_MediumIsNotThere_TheNetworkIsAsked()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        var record = (await BootAsync(machine, parameters => parameters with { Medium = "LABEL=LIVE" })).Record;
        Assert.Equal(release.Digest, record.Release.Digest);
        Assert.Contains("no medium LABEL=LIVE; asking the network", record.Notes);
        Assert.Null(machine.LinkLimit);
    }

    /// <summary>Without a release the machine waits for ever: the limits are those of the wait, not of the boot.</summary>
    [Fact]
    public async Task Boot_NothingHere_WaitsForTheNetworkWithoutALimit()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        Assert.Null(machine.LinkLimit);
        Assert.Null(machine.AddressLimit);
    }

    [Fact]
    public async Task Boot_SeedDownAndAGoodRelease_BootsItWithinTheBudget()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        _site.IsUp = false;
        var record = (await BootAsync(machine, parameters => parameters with { UpdateBudget = TimeSpan.FromSeconds(2) })).Record;
        Assert.Equal(release.Digest, record.Release.Digest);
        Assert.Contains(record.Reason, (string[])[BootReason.NoPeer, BootReason.Budget]);
        Assert.NotEmpty(record.Notes);
    }

    [Fact]
    public async Task Boot_SeedComesLate_IsWaitedFor()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        _site.IsUp = false;
        var machine = NewMachine();
        machine.OnSay = line => _site.IsUp |= line.Contains("next try", StringComparison.Ordinal);
        var record = (await BootAsync(machine)).Record;
        Assert.Equal((release.Digest, BootReason.Updated), (record.Release.Digest, record.Reason));
        Assert.Contains(record.Notes, note => note.Contains("next try in", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Boot_MetadataRefused_BootsWhatIsHere()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        var path = RepositoryLayout.Channel("web", "stable");
        var bytes = await File.ReadAllBytesAsync(_site.PathOf(path), Cancellation);
        bytes[^1] ^= 1;
        _site.Replace(path, bytes);
        var record = (await BootAsync(machine)).Record;
        Assert.Equal((release.Digest, BootReason.Refused), (record.Release.Digest, record.Reason));
    }

    [Theory]
    [InlineData(BootUpdate.After)]
    [InlineData(BootUpdate.No)]
    public async Task Boot_UpdateLaterOrNot_AsksNobody(BootUpdate update)
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        await _site.PublishAsync("2.0", ImageBytes);
        machine.Network = BootNetworkState.NoLink;
        machine.Connects = 0;
        var record = (await BootAsync(machine, parameters => parameters with { Update = update })).Record;
        Assert.Equal((release.Digest, BootReason.NotAsked, 0), (record.Release.Digest, record.Reason, machine.Connects));
    }

    /// <summary>A release that never gets blessed has its tries, then the one before boots, and the update loop leaves it alone.</summary>
    [Fact]
    public async Task Boot_ReleaseThatIsNeverBlessed_FallsBackForGood()
    {
        var good = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        Bless(machine, good.Digest);
        var bad = await _site.PublishAsync("2.0", ImageBytes);
        for (var left = 2; left >= 0; left--)
        {
            var record = (await BootAsync(machine)).Record;
            Assert.Equal((bad.Digest, left), (record.Release.Digest, record.Tries!.Left));
        }
        for (var boot = 0; boot < 2; boot++)
        {
            var record = (await BootAsync(machine)).Record;
            Assert.Equal(good.Digest, record.Release.Digest);
            Assert.Equal(boot == 0 ? BootReason.FellBack : BootReason.UpToDate, record.Reason);
        }
        var fresh = await _site.PublishAsync("3.0", ImageBytes);
        Assert.Equal((fresh.Digest, 2), ((await BootAsync(machine)).Record.Release.Digest, RootTries(machine, fresh.Digest)!.Left));
    }

    [Fact]
    public async Task Boot_EveryReleaseBad_BootsOneAndSaysSo()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        var once = (BootParameters parameters) => parameters with { Tries = 1 };
        await BootAsync(machine, once);
        _site.IsUp = false;
        _site.IsUp = true;
        var record = (await BootAsync(machine, once)).Record;
        Assert.Equal((release.Digest, true, BootReason.FellBack), (record.Release.Digest, record.IsDegraded, record.Reason));
        record = (await BootAsync(machine, parameters => once(parameters) with { IgnoresBad = true })).Record;
        Assert.False(record.IsDegraded);
    }

    [Fact]
    public async Task Boot_NewReleaseCannotBeMounted_TheOneBeforeIs()
    {
        var good = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        var bad = await _site.PublishAsync("2.0", ImageBytes);
        machine.Unmountable.Add(bad.Digest);
        var record = (await BootAsync(machine)).Record;
        Assert.Equal((good.Digest, BootReason.FellBack), (record.Release.Digest, record.Reason));
        Assert.Contains(record.Notes, note => note.StartsWith("release 2.0: ", StringComparison.Ordinal));
        Assert.Equal(good.Digest, RootSlots.Open(ReleaseStore.Open(machine.State)).Read().Current);
    }

    /// <summary>What the cache holds cannot be mounted at all: the machine gets its release into memory instead of looping.</summary>
    [Fact]
    public async Task Boot_CacheHoldsNothingThatMounts_KeepsTheReleaseInMemory()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        machine.UnmountableIn = machine.State;
        var record = (await BootAsync(machine)).Record;
        Assert.Equal((release.Digest, false), (record.Release.Digest, record.IsPersistent));
        Assert.Null(record.Tries);
    }

    [Fact]
    public async Task Boot_PinnedRelease_IsFetchedByItsDigestAndThenNobodyIsAsked()
    {
        var wanted = await _site.PublishAsync("1.0", ImageBytes);
        await _site.PublishAsync("2.0", ImageBytes);
        var machine = NewMachine();
        var pinned = (BootParameters parameters) => parameters with { Follow = new FollowedChannel("", "", wanted.Digest) };
        Assert.Equal((wanted.Digest, BootReason.Updated), ((await BootAsync(machine, pinned)).Record is var first ? (first.Release.Digest, first.Reason) : default));
        machine.Connects = 0;
        var record = (await BootAsync(machine, pinned)).Record;
        Assert.Equal((wanted.Digest, BootReason.NotAsked, 0), (record.Release.Digest, record.Reason, machine.Connects));
    }

    [Fact]
    public async Task Boot_SeveralSeeds_UsesTheFirstThatAnswers()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var dead = new Uri($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndPoint!).Port}/");
        var record = (await BootAsync(NewMachine(), parameters => parameters with { Seeds = [dead, _site.Url] })).Record;
        Assert.Equal(release.Digest, record.Release.Digest);
    }

    [Fact]
    public async Task Boot_SeedOfDhcp_IsUsedWhenNoOtherIsKnown()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        machine.SeedOfDhcp = _site.Url;
        Assert.Equal(release.Digest, (await BootAsync(machine, parameters => parameters with { Seeds = [] })).Record.Release.Digest);
    }

    [Fact]
    public async Task Boot_NothingToBootAndNotToRetry_Fails()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        machine.UnmountableIn = _directory.Path;
        var fault = await Assert.ThrowsAsync<BootFailedException>(() => BootAsync(machine, parameters => parameters with { OnFailure = BootFailure.Reboot }));
        Assert.Equal("nothing here can be mounted", fault.Message);
    }

    /// <summary>A release brings its kernel: its try is taken before that is started, and not again by the boot under the new kernel.</summary>
    [Fact]
    public async Task Boot_ReleaseWithAnotherKernel_StartsItOnceAndCountsOnce()
    {
        var release = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        machine.HasOtherKernel = true;
        await Assert.ThrowsAsync<KernelStartedException>(() => BootAsync(machine));
        Assert.Equal($"stateless.started-for={release.Digest},updated", machine.StartedWith);
        Assert.Empty(machine.Mounted);

        machine.Connects = 0;
        var (parameters, warnings) = BootParameterReader.Read(KernelCommandLine.Parse($"quiet {machine.StartedWith}"));
        Assert.Empty(warnings);
        var record = (await BootAsync(machine, before => before with { StartedFor = parameters.StartedFor })).Record;
        Assert.Equal((release.Digest, BootReason.Updated, new BootTries(2, 1, false), 0), (record.Release.Digest, record.Reason, record.Tries, machine.Connects));
    }

    /// <summary>The loader gave up on the new kernel and chose the entry of the release before: that one boots, though the new one has tries left.</summary>
    [Fact]
    public async Task Boot_LoaderFellBack_ItsChoiceBoots()
    {
        var good = await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        await BootAsync(machine);
        await _site.PublishAsync("2.0", ImageBytes);
        await BootAsync(machine);
        var record = (await BootAsync(machine, parameters => parameters with { LoaderChoice = good.Digest })).Record;
        Assert.Equal((good.Digest, BootReason.FellBack), (record.Release.Digest, record.Reason));
    }

    [Fact]
    public async Task Boot_KernelNotToBeStarted_GoesOnWithTheOneThatRuns()
    {
        await _site.PublishAsync("1.0", ImageBytes);
        var machine = NewMachine();
        machine.HasOtherKernel = true;
        Assert.Equal(BootReason.Updated, (await BootAsync(machine, parameters => parameters with { StartsKernels = false })).Record.Reason);
        Assert.Null(machine.StartedWith);
    }

    private static BootTries? RootTries(FakeMachine machine, Sha256Digest release) => BootLedger.Open(ReleaseStore.Open(machine.State)).Read(release);
}
