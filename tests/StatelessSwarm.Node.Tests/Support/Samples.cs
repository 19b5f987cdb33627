using CsCheck;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Node.Tests.Support;

/// <summary>Random statuses for codec tests.</summary>
internal static class Samples
{
    private static readonly Gen<Sha256Digest> Digest = Gen.Byte.Array[32].Select(bytes => new Sha256Digest(bytes));
    private static readonly Gen<long> Count = Gen.Long[0, long.MaxValue];
    private static readonly Gen<string> Word = Gen.String[Gen.Char['!', '\u2fff'], 0, 40];

    public static Gen<SlotRelease> Slot { get; } =
        Gen.Select(Digest, Word, Count, (digest, version, build) => new SlotRelease(digest, version, build));

    private static readonly Gen<SourceBytes> Sources =
        Gen.Select(Count, Count, Count, Count, (disk, lan, wan, http) => new SourceBytes(disk, lan, wan, http));

    private static readonly Gen<UpdateRecord> Update = Gen.Select(
        Slot,
        Sources,
        Count.Array[7],
        (slot, sources, counts) =>
            new UpdateRecord
            {
                Digest = slot.Digest,
                Version = slot.Version,
                Build = slot.Build,
                TotalBytes = counts[0],
                Sources = sources,
                WastedBytes = counts[1],
                StartedUnixMilliseconds = counts[2],
                FinishedUnixMilliseconds = counts[3],
                DownloadMilliseconds = counts[4],
                VerifyMilliseconds = counts[5],
                TotalMilliseconds = counts[6],
            }
    );

    private static readonly Gen<long?> Rate = Gen.Select(Gen.Bool, Gen.Long[0, long.MaxValue], (isSet, rate) => isSet ? rate : (long?)null);

    private static readonly Gen<TransferLimits> TransferLimits = Rate.Array[7].Select(
        rates => LimitNames.All.Aggregate(Engine.Limits.TransferLimits.None, (limits, name) => LimitNames.With(limits, name, rates[(int)name]))
    );

    public static Gen<LimitStatus> Limits { get; } = Gen.Select(
        TransferLimits.Array[2],
        Word,
        Gen.Bool.Array[2],
        Rate.Array[3],
        Gen.Int[0, 1000],
        Gen.Double[0, 1e6],
        (limits, hours, flags, rates, fetchers, queue) =>
            new LimitStatus
            {
                Configured = limits[0],
                InForce = limits[1],
                Hours = flags[0] ? hours[..Math.Min(hours.Length, 32)] : null,
                Changed = flags[1] ? [LimitName.WanDown, LimitName.Upload] : [],
                IsBackground = flags[1],
                SiteDownShare = rates[0],
                SiteUpShare = rates[1],
                WindowBytes = rates[2],
                SiteFetchers = fetchers,
                QueueMilliseconds = queue,
            }
    );

    public static Gen<UpdatePlan> Plan { get; } = Gen.Select(
        Slot,
        Gen.Bool,
        Count.Array[4],
        Gen.Select(Word, Count, (version, bytes) => new PlannedReuse(version, bytes)).Array[0, 4],
        Word,
        (release, isInPlace, counts, reused, note) =>
            new UpdatePlan
            {
                Release = release,
                IsInPlace = isInPlace,
                TotalBytes = counts[0],
                FetchBytes = counts[1],
                Reused = reused,
                Note = note,
                RoomNeeded = counts[2],
                RoomAvailable = counts[3],
            }
    );

    public static Gen<CollectResult> Collected { get; } = Gen.Select(
            Digest,
            Gen.Bool,
            Gen.Long[0, 1L << 50],
            (digest, isStaged, bytes) => new CollectableRelease(digest, isStaged, bytes)
        )
        .Array[0, 5]
        .Select(releases => new CollectResult(releases));

    public static Gen<LimitChange> Change { get; } = Gen.Select(
        Gen.Bool,
        Rate.Array[7],
        Gen.Int[0, 7],
        (resets, rates, count) => new LimitChange(resets, LimitNames.All.Take(count).ToDictionary(name => name, name => rates[(int)name]))
    );

    public static Gen<NodeStatus> Status { get; } = Gen.Select(
        Word.Array[8],
        Slot.Array[4],
        Gen.Int[0, ushort.MaxValue].Array[5],
        Gen.Bool.Array[8],
        Gen.Select(Sources, Count.Array[8]),
        Gen.Select(Update.Array[0, 5], Limits),
        (words, slots, numbers, present, transfer, rest) =>
            new NodeStatus
            {
                IsDaemon = present[0],
                ProcessId = numbers[0],
                Product = words[0],
                Channel = words[1],
                Server = words[2],
                Site = words[3],
                NodeId = words[4],
                Port = numbers[1],
                Phase = (UpdatePhase)(numbers[2] % 6),
                Current = present[1] ? slots[0] : null,
                Next = present[2] ? slots[1] : null,
                Previous = present[3] ? slots[2] : null,
                Held = present[4] ? slots[3] : null,
                Progress = present[5]
                    ? new TransferProgress(
                        slots[0].Digest, words[0], transfer.Item2[0], transfer.Item2[1], transfer.Item1, transfer.Item2[2], numbers[3], numbers[4]
                    )
                    : null,
                LastFault = present[6] ? new Fault((FaultKind)(1 + (numbers[2] % 6)), words[5]) : null,
                MountedRoot = present[7] ? words[6] : null,
                MountedImage = present[7] ? words[7] : null,
                MountNote = present[7] ? null : words[7],
                Sharing = numbers[3],
                Neighbours = numbers[4],
                SentLanBytes = transfer.Item2[3],
                SentWanBytes = transfer.Item2[4],
                ResidentBytes = transfer.Item2[5],
                PeakResidentBytes = transfer.Item2[6],
                Updates = rest.Item1,
                Limits = present[0] ? rest.Item2 : null,
            }
    );

    public static Gen<UpdateResult> Result { get; } = Gen.Select(
        Gen.Int[1, 4], Slot, Word, (outcome, slot, note) => new UpdateResult((UpdateOutcome)outcome, slot, note)
    );
}
