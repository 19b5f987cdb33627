namespace StatelessSwarm.Sim.Scenarios;

/// <summary>A small swarm and its misfortunes, made from a number: what <c>tools/sim --faults</c> and the nightly tests run.</summary>
internal static class FaultDraw
{
    private const double Mbit = 1e6;

    /// <summary>Nodes at least and at most.</summary>
    public const int LeastNodes = 20;

    /// <summary>See <see cref="LeastNodes"/>.</summary>
    public const int MostNodes = 200;

    /// <summary>What may go wrong; a kind that is added changes what every recorded seed number stands for.</summary>
    private static readonly FaultKind[] Kinds = [.. Enum.GetValues<FaultKind>().Where(kind => kind != FaultKind.Split)];

    /// <summary>The scenario of a seed number.</summary>
    public static Scenario Make(long seed)
    {
        var random = new SimRandom(unchecked((ulong)seed * 0x2545f4914f6cdd1d + 1));
        var sites = 1 + random.Below(6);
        // Small swarms more often than large ones: they show as much, sooner.
        var nodes = LeastNodes + (int)((MostNodes - LeastNodes) * Math.Pow(random.Share(), 3));
        var perSite = Math.Max(2, nodes / sites);
        var wan = random.OneOf(5, 10, 20, 50, 100) * Mbit;
        var mebibytes = random.OneOf(4, 8, 16);
        var optimum = mebibytes * 8 * 1048576 / wan;
        var scenario = new Scenario
        {
            Name = $"faults-{seed}",
            Image = new Image
            {
                Bytes = (long)mebibytes << 20,
                PieceBytes = random.OneOf(64, 128, 256) << 10,
                IsV1 = random.Below(6) == 0,
            },
            Seeds = new Seeds { Up = random.OneOf(50, 100, 1000) * Mbit, Down = 100 * Mbit, DelayMs = random.Between(0, 5) },
            Sites =
            [
                new SiteGroup
                {
                    Count = sites,
                    Nodes = perSite,
                    LanUp = random.OneOf(100, 200, 1000) * Mbit,
                    LanDown = random.OneOf(100, 200, 1000) * Mbit,
                    WanDown = wan,
                    WanUp = wan / random.OneOf(1, 2, 4),
                    DelayMs = random.Between(1, 40),
                    BufferMs = random.OneOf(50, 100, 250),
                    Loss = random.Below(3) == 0 ? random.Between(0, 0.01) : 0,
                },
            ],
            Starts = new Starts
            {
                SpreadSeconds = random.Between(0, 2),
                Waves = random.Below(3) == 0 ? [new Wave(random.Between(0, 2 * optimum), random.Between(0.1, 0.5), random.Between(0, 3))] : [],
            },
            Tracker = new TrackerPlan { Peers = random.OneOf(10, 30, 80) },
            HasMulticast = random.Below(8) != 0,
            DeadlineSeconds = 900 + 30 * optimum,
        };
        var faults = new List<Fault>();
        for (var count = 1 + random.Below(6); count > 0; count--)
            faults.Add(MakeFault(random, optimum, sites, perSite));
        return scenario with { Faults = faults };
    }

    private static Fault MakeFault(SimRandom random, double optimum, int sites, int perSite)
    {
        var kind = random.OneOf<FaultKind>(Kinds);
        var at = random.Share() * 2 * optimum;
        var site = 1 + random.Below(sites);
        var few = 1 + random.Below(Math.Max(1, perSite / 3));
        var forAWhile = random.Between(0.5, 60);
        return new Fault
        {
            Kind = kind,
            // The seed must have been there long enough for somebody to have everything, or nobody can finish.
            AtSeconds = kind == FaultKind.SeedDies ? 3 * optimum + at : kind is FaultKind.Skew ? 0 : at,
            Site = random.Below(2) == 0 || kind == FaultKind.Partition ? site : null,
            Node = kind == FaultKind.Partition && random.Below(2) == 0 ? 1 + random.Below(perSite) : null,
            Nodes = few,
            ForSeconds = kind == FaultKind.Partition || random.Below(3) != 0 ? forAWhile : null,
            UntilSeconds = at + random.Between(1, 30),
            Rate = random.OneOf(0.5, 2, 8) * Mbit * (kind == FaultKind.SlowDisk ? 8 : 1),
            Skew = random.Between(-0.05, 0.05),
        };
    }
}
