using System.Globalization;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Fetching;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Node.Booting;

/// <summary>
/// A boot, from the initramfs to a mounted root:
/// <code>
/// cache ─► candidates ─► network ─► update ─► take a try ─► mount ─► slots ─► boot record
///              │ one is good: all of network and update within the budget, and any failure there only costs that time
///              └ none is:     network and update until there is one; never gives up unless told to
/// </code>
/// With a medium (a live image) no network is waited for: the release comes from there, and the network is for the neighbours.
/// A candidate that cannot be mounted makes room for the next one. When the cache holds nothing that mounts, a machine that may
/// keeps its release in memory.
/// </summary>
/// <param name="parameters">What the command line says.</param>
/// <param name="settings">The configuration file's settings; the parameters go over them.</param>
/// <param name="machine">The machine.</param>
/// <param name="mount">How the root is mounted.</param>
/// <param name="time">Clock.</param>
/// <param name="loggers">Logs of the node that fetches.</param>
public sealed class BootFlow(
    BootParameters parameters,
    NodeSettings settings,
    IBootMachine machine,
    BootMountOptions mount,
    TimeProvider time,
    ILoggerFactory loggers
)
{
    private static readonly TimeSpan SayInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly long _start = time.GetTimestamp();
    private readonly List<BootStep> _steps = [];
    private readonly List<string> _notes = [];
    private readonly HashSet<Sha256Digest> _damaged = [];
    private readonly Random _random = Chance.New();
    private string _reason = BootReason.NotAsked;
    private SourceBytes _sources = SourceBytes.None;

    /// <summary>Boots: returns when a root is mounted.</summary>
    /// <exception cref="BootFailedException">Nothing can be booted, and the parameters say not to try for ever.</exception>
    /// <exception cref="ConfigurationException">A setting is missing or wrong, and no release is here.</exception>
    public async Task<BootResult> RunAsync(CancellationToken cancellation)
    {
        var pauses = new Backoff(FirstPause, LongestPause, _random);
        for (var mode = parameters.Mode; ; mode = parameters.Mode == BootMode.Cache ? BootMode.Cache : BootMode.Memory)
        {
            _damaged.Clear();
            try
            {
                var cache = await StepAsync("cache", () => machine.OpenCacheAsync(mode, cancellation));
                Note(cache.Note);
                var state = OpenState(cache);
                await LookForUpdateAsync(state, cache, cancellation);
                if (Mount(state, cache) is { } result)
                    return result;
                Note("nothing here can be mounted");
            }
            catch (Exception fault) when (fault is IOException or ContentException or NodeException)
            {
                Note(Fault.Of(fault).Line);
            }
            await PauseAsync(pauses, cancellation);
        }
    }

    private BootState OpenState(BootCache cache)
    {
        var store = ReleaseStore.Open(cache.StateDirectory);
        return new BootState(store, RootSlots.Open(store), cache.IsPersistent ? BootLedger.Open(store) : null);
    }

    private IReadOnlyList<BootCandidate> CandidatesOf(BootState state) =>
        [
            .. BootChoice
                .Order(
                    state.Slots.Read(),
                    state.Store.List().ToDictionary(release => release.Digest, release => release.Manifest.Build),
                    release => parameters.IgnoresBad ? null : state.Ledger?.Read(release),
                    parameters.PinnedRelease
                )
                .Where(candidate => !_damaged.Contains(candidate.Release))
                // what the loader gave up on must not come back by kexec: its kernel may not live long enough for us to count
                .OrderByDescending(candidate => !candidate.IsBad && candidate.Release == parameters.LoaderChoice),
        ];

    private async Task LookForUpdateAsync(BootState state, BootCache cache, CancellationToken cancellation)
    {
        var hasGood = CandidatesOf(state) is [{ IsBad: false }, ..];
        if (hasGood && parameters.StartedFor is { } started)
        {
            // the kernel before this one has asked
            _reason = started.Reason;
            return;
        }
        if (hasGood && (parameters.Update != BootUpdate.Before || parameters.PinnedRelease is not null))
            return;
        using var budget = new CancellationTokenSource(hasGood ? parameters.UpdateBudget : Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, cancellation);
        try
        {
            var medium = await OpenMediumAsync(either.Token);
            var isOptional = hasGood || medium is not null;
            var network = await StepAsync(
                "network",
                () => machine.ConnectAsync(isOptional ? parameters.LinkTimeout : null, isOptional ? parameters.AddressTimeout : null, either.Token)
            );
            if (medium is not null || network.State == BootNetworkState.Ready)
                await StepAsync("update", () => FetchAsync(cache, network, medium, hasGood, either.Token));
            else
                GoOnWithout(network.State == BootNetworkState.NoLink ? BootReason.NoLink : BootReason.NoAddress, "");
        }
        catch (OperationCanceledException) when (budget.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            GoOnWithout(BootReason.Budget, $"not done within {Duration.Format(parameters.UpdateBudget)}");
        }
        catch (Exception fault) when (hasGood && fault is not OperationCanceledException)
        {
            var kind = Fault.Of(fault);
            GoOnWithout(
                kind.Kind switch
                {
                    FaultKind.Refused => BootReason.Refused,
                    FaultKind.NoRoom => BootReason.NoRoom,
                    FaultKind.Unreachable => BootReason.NoPeer,
                    _ => BootReason.Failed,
                },
                kind.Line
            );
        }
    }

    private async Task<Uri?> OpenMediumAsync(CancellationToken cancellation)
    {
        if (parameters.Medium is null)
            return null;
        try
        {
            return await StepAsync("medium", () => machine.OpenMediumAsync(cancellation));
        }
        catch (IOException fault)
        {
            Note($"{Fault.Of(fault).Line}; asking the network");
            return null;
        }
    }

    private void GoOnWithout(string reason, string line)
    {
        _reason = reason;
        Note(line.Length > 0 ? $"{reason}: {line}" : reason);
    }

    /// <summary>Fetches what the channel names; without a release to go on with, until it is here.</summary>
    private async Task<bool> FetchAsync(BootCache cache, BootNetwork network, Uri? medium, bool isOptional, CancellationToken cancellation)
    {
        var pauses = new Backoff(FirstPause, LongestPause, _random);
        while (true)
        {
            try
            {
                var result = await FetchOnceAsync(cache, network, medium, cancellation);
                _reason = result.Outcome == UpdateOutcome.Staged ? BootReason.Updated : BootReason.UpToDate;
                return true;
            }
            catch (Exception fault) when (!isOptional && fault is not OperationCanceledException)
            {
                // It may have been put in by now.
                medium ??= await OpenMediumAsync(cancellation);
                var wait = pauses.Next();
                Note(string.Create(CultureInfo.InvariantCulture, $"{Fault.Of(fault).Line}; next try in {wait.TotalSeconds:0.0} s"));
                if (parameters.OnFailure != BootFailure.Retry && Fault.Of(fault).Kind is FaultKind.Usage)
                    throw new BootFailedException(Fault.Of(fault).Line);
                await Task.Delay(wait, time, cancellation);
            }
        }
    }

    private async Task<UpdateResult> FetchOnceAsync(BootCache cache, BootNetwork network, Uri? medium, CancellationToken cancellation)
    {
        var seeds = SeedsOf(network);
        // After the boot, when nobody serves the medium any more, a newer release may come from the network.
        var later = seeds.Count > 0 ? (await SeedProbe.ChooseAsync(seeds, time, cancellation)).ToString() : settings.Text("server");
        if (medium is not null)
            settings.Set("server", "rd.stateless.medium", medium.ToString());
        else if (seeds.Count > 0)
            settings.Set("server", "rd.stateless.seed", later!);
        await using var node = await NodeRuntime.StartAsync(OptionsOf(cache), time, loggers, cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var saying = SayProgressAsync(node, stop.Token);
        try
        {
            var result = await node.UpdateAsync(cancellation);
            if (node.GetStatus().Updates.LastOrDefault(update => update.Digest == result.Release.Digest) is { } record && result.Outcome == UpdateOutcome.Staged)
                _sources = record.Sources;
            return result;
        }
        finally
        {
            await stop.CancelAsync();
            await saying;
            if (medium is not null && later is not null)
                settings.Set("server", "rd.stateless.seed", later);
        }
    }

    private IReadOnlyList<Uri> SeedsOf(BootNetwork network)
    {
        if (parameters.Seeds.Count > 0)
            return parameters.Seeds;
        return network.Seed is { } seed && !settings.Has("server") ? [seed] : [];
    }

    private NodeOptions OptionsOf(BootCache cache)
    {
        ApplyTo(cache);
        return settings.ToOptions(NodeDefaults.For(isRoot: true, _ => null)) with { RunDirectory = mount.Directory };
    }

    private void ApplyTo(BootCache cache)
    {
        const string origin = "kernel command line";
        if (parameters.Follow is { } follow)
            settings.Set("follow", "root", follow.ToString());
        if (parameters.Peers.Count > 0)
            settings.Set("peer", "rd.stateless.peer", [.. parameters.Peers]);
        if (parameters.Site is { } site)
            settings.Set("site", "rd.stateless.site", site);
        settings.Set("state", origin, cache.StateDirectory);
        settings.Set("run", origin, mount.Directory);
        settings.Set("no-mount", origin, "true");
        settings.Set("activate", origin, "next");
        settings.Set("stall-timeout", origin, Duration.Format(parameters.StallTimeout < TimeSpan.FromSeconds(5) ? TimeSpan.FromSeconds(5) : parameters.StallTimeout));
    }

    private async Task SayProgressAsync(NodeRuntime node, CancellationToken stop)
    {
        var last = "";
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(SayInterval, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var status = node.GetStatus();
            var line = status.Progress is { TotalBytes: > 0 } progress
                ? string.Create(CultureInfo.InvariantCulture, $"{status.Phase switch { UpdatePhase.Verifying => "checking", _ => "fetching" }} {progress.Version}: {100.0 * progress.DoneBytes / progress.TotalBytes:0} % of {progress.TotalBytes / 1e6:0.0} MB, {progress.Peers} peer(s)")
                : "";
            if (line.Length > 0 && line != last && !stop.IsCancellationRequested)
                machine.Say(line);
            last = line;
        }
    }

    private BootResult? Mount(BootState state, BootCache cache)
    {
        var fellBack = _damaged.Count > 0;
        foreach (var candidate in CandidatesOf(state))
        {
            var release = state.Store.Find(candidate.Release);
            if (release is null)
                continue;
            var tries = candidate.IsBad || parameters.StartedFor?.Release == candidate.Release
                ? state.Ledger?.Read(candidate.Release)
                : Step("ledger", () => state.Ledger?.Take(candidate.Release, parameters.Tries));
            StartKernel(state, candidate, release, fellBack);
            try
            {
                var mounted = Step("mount", () => machine.Mount(release, mount));
                Step("slots", () => MoveSlots(state, candidate, release));
                if (parameters.StartedFor?.Release != candidate.Release && (fellBack || IsBehind(candidate)))
                    _reason = BootReason.FellBack;
                ApplyTo(cache);
                return new BootResult(RecordOf(release, candidate, tries, mounted, cache), settings);
            }
            catch (Exception fault) when (fault is IOException or ContentException)
            {
                fellBack = true;
                _damaged.Add(candidate.Release);
                Note($"release {release.Manifest.Version}: {Fault.Of(fault).Line}");
            }
        }
        return null;
    }

    /// <summary>
    /// Starts the kernel that the release brings, if it has to. Only from a disk, where the release will be found again; and never twice in
    /// one boot, so that a kernel that calls itself otherwise than its file cannot make the machine go round. The try is taken.
    /// </summary>
    private void StartKernel(BootState state, BootCandidate candidate, StoredRelease release, bool fellBack)
    {
        if (!parameters.StartsKernels || parameters.StartedFor is not null || state.Ledger is null)
            return;
        var reason = fellBack || IsBehind(candidate) ? BootReason.FellBack : _reason;
        Note(Step("kernel", () => machine.StartKernel(release, $"{BootParameterReader.StartedFor}={candidate.Release},{reason}")));
    }

    // a bad release stands where this one should not have to be
    private bool IsBehind(BootCandidate candidate) =>
        candidate.IsBad || candidate.Place == BootPlace.Previous || (candidate.Place == BootPlace.Other && parameters.PinnedRelease is null);

    private static bool MoveSlots(BootState state, BootCandidate candidate, StoredRelease release)
    {
        switch (candidate.Place)
        {
            case BootPlace.Next:
                state.Slots.Activate();
                break;
            case BootPlace.Previous:
                // the update loop must not take the bad one again by itself
                if (state.Slots.Read().Current is { } bad)
                    new RolledBack(state.Store.StateDirectory).Remember(bad);
                state.Slots.RollBack();
                break;
            case BootPlace.Other:
                state.Slots.SetNext(release);
                state.Slots.Activate();
                break;
            default:
                break;
        }
        state.Ledger?.ForgetMissing();
        return true;
    }

    private BootRecord RecordOf(StoredRelease release, BootCandidate candidate, BootTries? tries, BootMount mounted, BootCache cache) =>
        new()
        {
            Product = release.Manifest.Product,
            Release = new SlotRelease(release.Digest, release.Manifest.Version, release.Manifest.Build),
            Reason = _reason,
            Notes = [.. _notes],
            IsDegraded = candidate.IsBad,
            Tries = tries,
            StateDirectory = cache.StateDirectory,
            IsPersistent = cache.IsPersistent,
            IsVerified = mounted.IsVerified,
            VerityNote = mounted.Note,
            Sources = _sources,
            Steps = [.. _steps],
        };

    private async Task PauseAsync(Backoff pauses, CancellationToken cancellation)
    {
        if (parameters.OnFailure != BootFailure.Retry)
            throw new BootFailedException(_notes.Count > 0 ? _notes[^1] : "nothing to boot");
        var wait = pauses.Next();
        Note(string.Create(CultureInfo.InvariantCulture, $"nothing to boot; next try in {wait.TotalSeconds:0.0} s"));
        await Task.Delay(wait, time, cancellation);
    }

    private void Note(string line)
    {
        if (line.Length == 0)
            return;
        machine.Say(line);
        const int most = 32;
        if (_notes.Count < most)
            _notes.Add(line);
    }

    private T Step<T>(string name, Func<T> work)
    {
        var begun = time.GetTimestamp();
        try
        {
            return work();
        }
        finally
        {
            Add(name, begun);
        }
    }

    private async Task<T> StepAsync<T>(string name, Func<Task<T>> work)
    {
        var begun = time.GetTimestamp();
        try
        {
            return await work();
        }
        finally
        {
            Add(name, begun);
        }
    }

    private void Add(string name, long begun)
    {
        const int most = 64;
        if (_steps.Count < most)
            _steps.Add(new BootStep(name, (long)time.GetElapsedTime(_start, begun).TotalMilliseconds, (long)time.GetElapsedTime(begun).TotalMilliseconds));
    }

    private sealed record BootState(ReleaseStore Store, RootSlots Slots, BootLedger? Ledger);
}
