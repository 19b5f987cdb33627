using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Fetching;
using StatelessSwarm.Node.Identities;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Neighbours;
using StatelessSwarm.Node.Reuse;
using StatelessSwarm.Node.Sharing;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Identities;

namespace StatelessSwarm.Node.Hosting;

/// <summary>
/// A running node, all parts connected: what the daemon hosts, and what <c>stateless update</c> runs once. Holds the state
/// directory's node lock, so that there is one per state directory.
/// </summary>
public sealed class NodeRuntime : INodeControl, IAsyncDisposable
{
    private const int MaxTrustBytes = 256 * 1024;

    private static readonly TimeSpan RenewalInterval = TimeSpan.FromHours(1);

    private readonly NodeOptions _options;
    private readonly FileLock _lock;
    private readonly ReleaseStore _store;
    private readonly MetadataClient _client;
    private readonly SwarmHost _swarm;
    private readonly ReleaseSharing _sharing;
    private readonly RootActivator _activator;
    private readonly UpdateRecords _records;
    private readonly StatusBoard _board;
    private readonly Updater _updater;
    private readonly NeighbourWatch? _neighbours;
    private readonly LocalSwarms? _local;
    private readonly LimitKeeper _limits;
    private readonly SwarmIdentity? _identity;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long? _renewalTriedAt;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _cycleGate = new();
    private Task<UpdateResult>? _cycle;

    private NodeRuntime(
        NodeOptions options,
        FileLock nodeLock,
        ReleaseStore store,
        MetadataClient client,
        SwarmHost swarm,
        ReleaseSharing sharing,
        RootActivator activator,
        UpdateRecords records,
        StatusBoard board,
        Updater updater,
        NeighbourWatch? neighbours,
        LocalSwarms? local,
        LimitKeeper limits,
        SwarmIdentity? identity,
        string nodeId,
        TimeProvider time,
        ILogger logger
    )
    {
        _options = options;
        _lock = nodeLock;
        _store = store;
        _client = client;
        _swarm = swarm;
        _sharing = sharing;
        _activator = activator;
        _records = records;
        _board = board;
        _updater = updater;
        _neighbours = neighbours;
        _local = local;
        _limits = limits;
        _identity = identity;
        _time = time;
        _logger = logger;
        NodeId = nodeId;
    }

    /// <summary>Id of the node.</summary>
    public string NodeId { get; }

    /// <summary>TCP port for peers.</summary>
    public int Port => _swarm.Port;

    /// <summary>Why nothing is mounted, or null.</summary>
    public string? MountNote => _activator.MountNote;

    /// <summary>Opens the state, mounts and serves what is current, and takes part in the swarm. Fetches nothing yet.</summary>
    /// <exception cref="NodeException">Another process uses the state directory, or the trust file is not there.</exception>
    /// <exception cref="IOException">A directory or an address cannot be used; names it.</exception>
    public static async Task<NodeRuntime> StartAsync(
        NodeOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        var logger = loggers.CreateLogger("node");
        var shippedRoot =
            StateFiles.Read(options.TrustPath, MaxTrustBytes)
            ?? throw new NodeException(FaultKind.Nothing, $"{options.TrustPath}: no such file with root metadata (--trust)");
        Directory.CreateDirectory(options.StateDirectory);
        await using var parts = new Unwinder();
        var nodeLock = parts.Add(
            OfflineNode.TakeLock(options.StateDirectory)
        );
        var store = ReleaseStore.Open(options.StateDirectory);
        var nodeId = NodeIdentity.ReadOrMake(options.StateDirectory);
        var trust = TrustedMetadata.Open(Path.Combine(options.StateDirectory, "trust"), shippedRoot, time);
        var activator = parts.Add(RootActivator.Open(store, options.MountDirectory, options.UpperBytes, logger));
        if (activator.MountNote is { } note)
            NodeLog.NotMounted(logger, note);
        activator.MountCurrent();

        var random = Chance.New();
        var relay = new MetadataRelay(store);
        relay.Publish(trust, options.Follow.Product, options.Follow.Channel);
        var identity = await OpenIdentityAsync(options, nodeId, time, cancellation);
        if (identity is not null)
        {
            parts.Add(identity);
            identity.Revoke(trust.RevokedKeys);
        }
        var client = parts.Add(new MetadataClient(options.Server, identity, time, random));
        var swarm = await SwarmHost.StartAsync(
            new SwarmOptions
            {
                ListenAddresses = options.ListenAddresses,
                Port = options.Port,
                SiteNetworks = options.SiteNetworks,
                Site = options.Site,
                IsBackground = options.IsBackground,
                FileAt = relay.FileAt,
                Identity = identity,
            },
            time,
            loggers,
            cancellation
        );
        parts.Add(swarm);
        var configured = options.UploadBytesPerSecond > 0 ? options.Limits with { Up = options.UploadBytesPerSecond } : options.Limits;
        var limits = parts.Add(new LimitKeeper(swarm, configured, options.WanHours, time, logger));
        var neighbours = options.UseMulticastDns
            ? await NeighbourWatch.TryStartAsync(swarm, nodeId, options.Site, identity is not null, time, logger, cancellation)
            : null;
        if (neighbours is not null)
            parts.Add(neighbours);
        var local = options.UseMulticastDns
            ? parts.Add(await LocalSwarms.StartAsync(new() { ListenAddresses = options.ListenAddresses }, swarm.Port, time, logger, cancellation))
            : null;
        var sharing = parts.Add(new ReleaseSharing(swarm, options.Server, [new Uri(options.Server, "announce")], options.Peers, local, logger));
        var records = UpdateRecords.Open(options.StateDirectory, logger);
        var board = new StatusBoard();
        IReadOnlyList<IPEndPoint> named = [.. options.Peers.Select(peer => IPAddress.TryParse(peer.Host, out var address) ? new IPEndPoint(address, peer.Port) : null).OfType<IPEndPoint>()];
        var source = new ChannelSource(
            options.Follow,
            client,
            trust,
            Path.Combine(options.StateDirectory, "releases"),
            Path.Combine(options.StateDirectory, "staging"),
            relay,
            identity,
            () => [.. neighbours?.EndPoints ?? [], .. named],
            time,
            logger
        );
        var reuse = new ImageReuse(store, sharing, source, time, logger);
        var updater = parts.Add(new Updater(options, source, store, sharing, reuse, activator, records, board, time, logger));
        await updater.ServeSlotsAsync(cancellation);
        parts.Keep();
        return new NodeRuntime(
            options, nodeLock, store, client, swarm, sharing, activator, records, board, updater, neighbours, local, limits, identity, nodeId, time, logger
        );
    }

    /// <summary>The identity that is here, or, with a token, a new one; null outside of closed swarms.</summary>
    private static async Task<SwarmIdentity?> OpenIdentityAsync(NodeOptions options, string nodeId, TimeProvider time, CancellationToken cancellation)
    {
        if (options.IdentityDirectory is not { } directory)
            return null;
        if (options.EnrolmentTokenPath is { } path && !Enrolment.IsThere(directory))
        {
            var text = StateFiles.Read(path, 4 * EnrolmentToken.Length) ?? throw new NodeException(FaultKind.Nothing, $"{path}: no such file with a token (--enrol-token)");
            if (!EnrolmentToken.TryParse(Encoding.ASCII.GetString(text), out var token))
                throw new NodeException(FaultKind.Usage, $"{path}: expected a token, as 'stateless identity token' prints it");
            await Enrolment.EnrolAsync(options.Server, token, Enrolment.NameOf(Environment.MachineName, nodeId), directory, time, cancellation);
        }
        return SwarmIdentity.Open(directory, time);
    }

    /// <summary>
    /// Gets a certificate that holds longer, when two thirds of ours are over; tried once an hour. A server that does not enrol leaves that to
    /// people, and the log says when ours ends.
    /// </summary>
    public async Task KeepIdentityAsync(CancellationToken cancellation)
    {
        if (_identity is not { IsDueForRenewal: true } identity || (_renewalTriedAt is { } tried && _time.GetElapsedTime(tried) < RenewalInterval))
            return;
        _renewalTriedAt = _time.GetTimestamp();
        try
        {
            await Enrolment.RenewAsync(_options.Server, _options.IdentityDirectory!, _time, cancellation);
            identity.Reload(_options.IdentityDirectory!);
            NodeLog.IdentityRenewed(_logger, identity.ExpiresAt);
        }
        catch (Exception fault) when (fault is NodeException or IOException or TrustException or UnauthorizedAccessException)
        {
            NodeLog.IdentityEnds(_logger, identity.ExpiresAt, Fault.OneLine(fault.Message));
        }
    }

    /// <summary>Runs an update cycle, or waits for the one that runs. Cancelling ends the waiting, not the cycle.</summary>
    public Task<UpdateResult> UpdateAsync(CancellationToken cancellation)
    {
        lock (_cycleGate)
        {
            ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
            if (_cycle is null || _cycle.IsCompleted)
                _cycle = _updater.RunAsync(_stop.Token);
            return _cycle.WaitAsync(cancellation);
        }
    }

    /// <summary>What an update would do now.</summary>
    /// <exception cref="NodeException">An update is under way, or the server cannot be reached.</exception>
    public Task<UpdatePlan> PlanAsync(CancellationToken cancellation) => WhileRunningAsync(_updater.PlanAsync, cancellation);

    /// <summary>Deletes what no slot names and nobody pinned, or only lists it.</summary>
    /// <exception cref="NodeException">An update is under way.</exception>
    public Task<CollectResult> CollectAsync(bool isDryRun, CancellationToken cancellation) =>
        WhileRunningAsync(stop => _updater.CollectAsync(isDryRun, stop), cancellation);

    /// <summary>Prepares the next update, while there is nothing else to do.</summary>
    public Task IndexAsync(CancellationToken cancellation) => WhileRunningAsync(
        async stop =>
        {
            await _updater.IndexAsync(stop);
            return true;
        },
        cancellation
    );

    /// <summary>Makes next, or what was rolled back, current.</summary>
    public Task<UpdateResult> ActivateAsync(CancellationToken cancellation) =>
        WhileRunningAsync(_activator.ActivateAsync, cancellation);

    /// <summary>Exchanges current and previous.</summary>
    public Task<UpdateResult> RollBackAsync(CancellationToken cancellation) =>
        WhileRunningAsync(_activator.RollBackAsync, cancellation);

    /// <summary>Changes limits until the process ends; how they stand then.</summary>
    public LimitStatus ChangeLimits(LimitChange change) => _limits.Change(change);

    /// <summary>Completes when another process asked to go on in this one's place.</summary>
    public Task Left => _left.Task;

    /// <summary>Ends soon, when this node is one that gives way; the status now is the answer.</summary>
    /// <exception cref="NodeException">It does not give way.</exception>
    public NodeStatus Leave()
    {
        if (!_options.GivesWay)
            throw new NodeException(FaultKind.Failed, "this node does not give way to another; stop its service");
        _left.TrySetResult();
        return GetStatus();
    }

    /// <summary>Where the node stands.</summary>
    public NodeStatus GetStatus()
    {
        var (phase, progress, fault) = _board.Read();
        var slots = SlotsReader.Describe(_store, _activator.Slots, _activator.Held);
        var sent = _sharing.Sent;
        var memory = ProcessMemory.Read();
        var mounted = _activator.Mounted;
        return slots with
        {
            IsDaemon = true,
            ProcessId = Environment.ProcessId,
            Product = _options.Follow.Product,
            Channel = _options.Follow.Channel,
            Server = _options.Server.ToString(),
            Site = _options.Site,
            NodeId = NodeId,
            Port = Port,
            Phase = phase,
            Progress = progress,
            LastFault = fault,
            MountedRoot = mounted?.RootDirectory,
            MountedImage = mounted?.ImageDirectory,
            MountNote = MountNote,
            Sharing = _sharing.Count,
            Neighbours = _neighbours?.Count ?? 0,
            SentLanBytes = sent.Lan,
            SentWanBytes = sent.Wan,
            ResidentBytes = memory.Now,
            PeakResidentBytes = memory.Peak,
            Updates = _records.All,
            Limits = _limits.Status,
        };
    }

    /// <summary>Stops a cycle under way, says goodbye to neighbours, peers and trackers. Mounted roots stay: programs run from them.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _updater.WaitIdleAsync();
        if (_neighbours is not null)
            await _neighbours.DisposeAsync();
        await _limits.DisposeAsync();
        await _sharing.DisposeAsync();
        if (_local is not null)
            await _local.DisposeAsync();
        await _swarm.DisposeAsync();
        _client.Dispose();
        _identity?.Dispose();
        _updater.Dispose();
        _activator.Dispose();
        _lock.Dispose();
        _stop.Dispose();
    }

    private async Task<T> WhileRunningAsync<T>(
        Func<CancellationToken, Task<T>> work,
        CancellationToken cancellation
    )
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stop.Token);
        return await work(either.Token);
    }
}
