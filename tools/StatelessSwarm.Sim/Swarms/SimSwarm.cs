using System.Net;
using System.Security.Cryptography;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Sim.Invariants;
using StatelessSwarm.Sim.Networks;
using StatelessSwarm.Sim.Scenarios;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Sim.Swarms;

/// <summary>A scenario and a seed number, made into sites, nodes and events. The same two give the same run, on any number of threads.</summary>
internal sealed class SimSwarm
{
    /// <summary>Where every node accepts peers.</summary>
    public const int Port = 6881;

    /// <summary>A site alone in the world is simulated in steps of this many nanoseconds, after each of which its end is looked for.</summary>
    private const long LongestStep = VirtualClock.Second / 20;

    private readonly Dictionary<IPEndPoint, SimNode> _byEndPoint = [];
    private readonly List<SimNode> _nodes = [];
    private readonly List<SimSite> _sites = [];
    private readonly long _step;

    public SimSwarm(Scenario scenario, long seed)
    {
        Scenario = scenario;
        SeedNumber = seed;
        var image = scenario.Image;
        Torrent = new SyntheticTorrent(image.Bytes / image.Grain, image.PieceBytes / image.Grain);
        WrongLeaf = new Sha256Digest(SHA256.HashData("wrong"u8));
        MostFrames = 4 * Torrent.Info.PieceCount + 16_384;
        DiscoverySpread = VirtualClock.Milliseconds(200);
        AnnounceInterval = VirtualClock.Seconds(scenario.Tracker.IntervalSeconds);
        var random = new SimRandom(unchecked((ulong)seed));
        Build(random);
        Plan = new FaultPlan(scenario, _sites, _nodes, random);
        foreach (var node in _nodes)
        {
            node.Plan();
            if (node.MustFinish)
                node.Site.Unfinished++;
        }
        _step = StepOf(_sites);
    }

    /// <summary>What is simulated.</summary>
    public Scenario Scenario { get; }

    /// <summary>What decided everything that is left to chance.</summary>
    public long SeedNumber { get; }

    /// <summary>The content, as the engine sees it.</summary>
    public SyntheticTorrent Torrent { get; }

    /// <summary>The hash of wrong data.</summary>
    public Sha256Digest WrongLeaf { get; }

    /// <summary>Starts and faults.</summary>
    public FaultPlan Plan { get; }

    /// <summary>Frames that may wait on one connection, each way; more is a breach.</summary>
    public int MostFrames { get; }

    /// <summary>Nodes hear of each other within this time of their start, in nanoseconds.</summary>
    public long DiscoverySpread { get; }

    /// <summary>Between two announces, in nanoseconds.</summary>
    public long AnnounceInterval { get; }

    /// <summary>All nodes, seeds first.</summary>
    public IReadOnlyList<SimNode> Nodes => _nodes;

    /// <summary>All sites; the first is the seeds' own, empty where they are in another one.</summary>
    public IReadOnlyList<SimSite> Sites => _sites;

    /// <summary>Nodes that are complete from the beginning.</summary>
    public IEnumerable<SimNode> Seeds => _nodes.Take(Scenario.Seeds.Count);

    /// <summary>The first of them.</summary>
    public SimNode Seed => _nodes[0];

    /// <summary>All others.</summary>
    public IEnumerable<SimNode> Leechers => _nodes.Skip(Scenario.Seeds.Count);

    /// <summary>Rules that were broken, by time.</summary>
    public IEnumerable<Breach> Breaches => _sites.SelectMany(site => site.Breaches).Concat(_endBreaches).OrderBy(breach => breach.At);

    /// <summary>Every node that was to finish has.</summary>
    public bool IsFinished => _sites.TrueForAll(site => site.Unfinished == 0);

    /// <summary>Nodes that were to finish and have.</summary>
    public int FinishedNodes => _nodes.Count(node => node is { IsSeed: false, DoneAt: not null });

    /// <summary>Virtual time, in nanoseconds.</summary>
    public long Now { get; private set; }

    /// <summary>Events handled.</summary>
    public long Handled => _sites.Sum(site => site.Handled);

    private readonly List<Breach> _endBreaches = [];

    /// <summary>The hash over all that happened.</summary>
    public EventHash Hash
    {
        get
        {
            var hash = default(EventHash);
            foreach (var site in _sites)
                hash.Add(site.Hash);
            return hash;
        }
    }

    /// <summary>The node that accepts peers there.</summary>
    public SimNode Find(IPEndPoint endPoint) => _byEndPoint[endPoint];

    /// <summary>
    /// Runs until every node that must is complete, a rule is broken or the deadline is over; true when finished without a breach.
    /// Sites run side by side for as long as nothing that one of them does can reach another.
    /// </summary>
    /// <param name="threads">Sites simulated at a time.</param>
    /// <param name="progress">Called now and then.</param>
    /// <param name="goesOn">A broken rule does not end the run.</param>
    public bool Run(int threads = 1, Action<SimSwarm>? progress = null, bool goesOn = false)
    {
        var deadline = VirtualClock.Seconds(Scenario.DeadlineSeconds);
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads };
        while (!IsFinished && (goesOn || !_sites.Exists(site => site.Breaches.Count > 0)))
        {
            var next = _sites.Min(site => site.Events.NextAt);
            if (next > deadline)
            {
                EndUnfinished(deadline);
                return false;
            }
            Step(next + _step, options);
            progress?.Invoke(this);
        }
        return !Breaches.Any();
    }

    /// <summary>Runs up to a moment, in virtual seconds, at which something is to be looked at or changed from outside.</summary>
    public void RunUntil(double seconds)
    {
        var until = VirtualClock.Seconds(seconds);
        var options = new ParallelOptions { MaxDegreeOfParallelism = 1 };
        while (_sites.Min(site => site.Events.NextAt) is var next && next < until)
            Step(Math.Min(next + _step, until), options);
        foreach (var site in _sites)
            site.Clock.Now = until;
        Now = until;
    }

    /// <summary>Limits of a node's engine.</summary>
    /// <param name="node">The node.</param>
    /// <param name="id">What it is called in its present life.</param>
    /// <param name="time">Its clock.</param>
    public EngineOptions OptionsOf(SimNode node, PeerId id, TimeProvider time)
    {
        var limits = Scenario.Limits;
        var seeds = Scenario.Seeds;
        var grain = Scenario.Image.Grain;
        var options = new EngineOptions { PeerId = id, ListenPort = Port };
        return options with
        {
            MaxPeers = (node.IsSeed ? seeds.MaxPeers : null) ?? limits.MaxPeers ?? options.MaxPeers,
            LanPeers = limits.LanPeers ?? options.LanPeers,
            WanPeers = limits.WanPeers ?? options.WanPeers,
            UploadSlots = (node.IsSeed ? seeds.UploadSlots : null) ?? limits.UploadSlots ?? options.UploadSlots,
            NeighbourWaitMs = (node.IsForeign ? null : limits.NeighbourWaitMs) ?? options.NeighbourWaitMs,
            Budget = node.IsSeed || node.Site.Plan.Limits is not { } down ? null : BudgetOf(down, time),
            UsesClaims = limits.UsesClaims && !node.IsForeign,
            SuperSeeds = node.IsSeed && seeds.SuperSeeds,
            // In bytes of the torrent the engine sees, so that they stay the same in bytes of the network, as far as blocks allow.
            UploadAheadPerPeer = Math.Max(options.UploadAheadPerPeer / grain, 2 * BlockRange.BlockSize),
            UploadAhead = Math.Max(options.UploadAhead / grain, 8 * BlockRange.BlockSize),
            RequestAhead = grain == 1 ? options.RequestAhead : Math.Max(64 / grain, 4) * BlockRange.BlockSize,
        };
    }

    /// <summary>Sites run side by side up to a moment, and then hand over what goes from one to another.</summary>
    private void Step(long end, ParallelOptions options)
    {
        if (options.MaxDegreeOfParallelism > 1)
        {
            Parallel.ForEach(_sites, options, site => site.RunUntil(end));
        }
        else
        {
            foreach (var site in _sites)
                site.RunUntil(end);
        }
        foreach (var site in _sites)
            site.Exchange();
        Now = end;
    }

    private NodeBudget BudgetOf(DownLimits limits, TimeProvider time)
    {
        // In bytes of the torrent the engine sees.
        long? Rate(double bits) => bits > 0 ? (long)(bits / 8 / Scenario.Image.Grain) : null;
        return new NodeBudget(time)
        {
            Limits = TransferLimits.None with
            {
                LanDown = Rate(limits.LanDown),
                WanDown = Rate(limits.WanDown),
                SiteWanDown = Rate(limits.SiteWanDown),
            },
        };
    }

    private void Build(SimRandom random)
    {
        var seeds = Scenario.Seeds;
        _sites.Add(new SimSite(0, new SiteGroup { Nodes = 0, DelayMs = seeds.DelayMs }, Scenario));
        foreach (var group in Scenario.Sites)
        {
            for (var count = 0; count < group.Count; count++)
                _sites.Add(new SimSite(_sites.Count, group, Scenario));
        }
        var largest = Scenario.Sites.Max(group => group.Nodes) + seeds.Count + 2;
        var bits = int.Log2(largest) + 1;
        for (var number = 0; number < seeds.Count; number++)
            Add(_sites[seeds.Site], $"s.{number + 1}", bits, true, seeds.Up, seeds.Down, random);
        foreach (var site in _sites)
        {
            for (var number = 0; number < site.Plan.Nodes; number++)
                Add(site, $"{site.Index}.{number + 1}", bits, false, site.Plan.LanUp, site.Plan.LanDown, random);
            if (site.Index > 0 && Scenario.Limits.UsesClaims && seeds.Site != site.Index)
                site.Ledger = new WanLedger(site, Torrent.Info.BlocksPerPiece, Torrent.Info.PieceCount * Torrent.Info.BlocksPerPiece, !Scenario.Image.IsV1);
        }
    }

    private void Add(SimSite site, string name, int bits, bool isSeed, double up, double down, SimRandom random)
    {
        var host = (site.Index << bits) + site.Nodes.Count + 1;
        var address = new IPAddress([10, (byte)(host >> 16 & 255), (byte)(host >> 8 & 255), (byte)(host & 255)]);
        var isForeign = !isSeed && site.Nodes.Count(other => !other.IsSeed) < site.Plan.Foreign;
        var node = new SimNode(this, _nodes.Count, site, name, address, isSeed, up, down, random.Next())
        {
            MustFinish = !isSeed,
            IsForeign = isForeign,
        };
        _nodes.Add(node);
        site.Nodes.Add(node);
        _byEndPoint.Add(node.EndPoint, node);
    }

    /// <summary>How long sites may run side by side: the shortest way between two of them.</summary>
    private static long StepOf(List<SimSite> sites)
    {
        var inUse = sites.Where(site => site.Nodes.Count > 0).OrderBy(site => site.Delay).ToList();
        return inUse.Count < 2 ? LongestStep : Math.Min(LongestStep, inUse[0].Delay + inUse[1].Delay + 2 * SimSite.LanDelay);
    }

    /// <summary>Time is up. Who is alive and has not finished breaks the rule, unless a piece is nowhere any more, or it knows nobody who lives.</summary>
    private void EndUnfinished(long deadline)
    {
        Now = deadline;
        foreach (var node in _nodes.Where(node => node is { MustFinish: true, DoneAt: null }))
        {
            var pieces = node.Life == 0 ? 0 : node.Engine.Status.VerifiedPieces;
            var rule = $"has not finished by the deadline: {pieces} of {Torrent.Info.PieceCount} pieces";
            if (!IsLost && node.KnowsSomebody)
                _endBreaches.Add(new Breach(deadline, node.Name, rule));
        }
    }

    /// <summary>Some piece is held by no node that is running.</summary>
    public bool IsLost =>
        Torrent.AllPieces.Any(piece => !_nodes.Exists(node => node is { IsDead: false, IsFrozen: false, Stalls: false } && node.Engine.HasPiece(piece)));
}
