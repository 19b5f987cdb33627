using CsCheck;
using StatelessSwarm.Content;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Tests.Support;

namespace StatelessSwarm.Node.Tests.Control;

public sealed class ControlCodecTests
{
    private static readonly Gen<ControlReply> Reply = Gen.OneOf(
        Samples.Status.Select(ControlReply.Of),
        Samples.Result.Select(ControlReply.Of),
        Samples.Limits.Select(ControlReply.Of),
        Samples.Plan.Select(ControlReply.Of),
        Samples.Collected.Select(ControlReply.Of),
        Gen.Select(Gen.Int[1, 6], Gen.String[0, 50], (kind, line) => ControlReply.Of(new Fault((FaultKind)kind, line)))
    );

    [Fact]
    public void Reply_RoundTrip_IsEqual() =>
        Reply.Sample(reply => Describe(ControlCodec.DecodeReply(ControlCodec.Encode(reply))) == Describe(reply));

    [Theory]
    [InlineData(ControlRequestKind.Status, "920101")]
    [InlineData(ControlRequestKind.Activate, "920102")]
    [InlineData(ControlRequestKind.RollBack, "920103")]
    [InlineData(ControlRequestKind.UpdateNow, "920104")]
    [InlineData(ControlRequestKind.Watch, "920105")]
    [InlineData(ControlRequestKind.Plan, "920107")]
    [InlineData(ControlRequestKind.Collect, "920108")]
    [InlineData(ControlRequestKind.CollectDryRun, "920109")]
    public void Request_Bytes_AreFrozen(ControlRequestKind kind, string hex)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(ControlCodec.Encode(new ControlRequest(kind))));
        Assert.Equal(new ControlRequest(kind), ControlCodec.DecodeRequest(Convert.FromHexString(hex)));
    }

    [Fact]
    public void LimitRequest_RoundTrip_IsEqual() =>
        Samples.Change.Sample(change =>
        {
            var read = ControlCodec.DecodeRequest(ControlCodec.Encode(new ControlRequest(ControlRequestKind.Limit, change)));
            return read.Limits!.Resets == change.Resets && read.Limits.Rates.OrderBy(rate => rate.Key).SequenceEqual(change.Rates.OrderBy(rate => rate.Key));
        });

    [Fact]
    public void LimitRequest_Bytes_AreFrozen()
    {
        var change = new LimitChange(true, new Dictionary<LimitName, long?> { [LimitName.WanDown] = 0, [LimitName.SiteWanUp] = null });
        Assert.Equal("93010692c39292000092" + "05c0", Convert.ToHexStringLower(ControlCodec.Encode(new ControlRequest(ControlRequestKind.Limit, change))));
        Assert.Equal("93010692c290", Convert.ToHexStringLower(ControlCodec.Encode(new ControlRequest(ControlRequestKind.Limit))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("930106c0")]
    [InlineData("93010692c2919207c0")]
    [InlineData("93010692c2919200ff")]
    [InlineData("93010192c290")]
    [InlineData("93010692c2dd7fffffff")]
    [InlineData("92")]
    [InlineData("9201")]
    [InlineData("920100")]
    [InlineData("920106")]
    [InlineData("92010b")]
    [InlineData("920201")]
    [InlineData("930101c0")]
    [InlineData("92010100")]
    [InlineData("9201a131")]
    [InlineData("c0")]
    [InlineData("dd7fffffff")]
    public void Request_Hostile_IsContentException(string hex) =>
        Assert.Throws<ContentException>(() => ControlCodec.DecodeRequest(Convert.FromHexString(hex)));

    [Fact]
    public void Reply_Truncated_IsContentException() =>
        Gen.Select(Reply, Gen.Double[0, 1])
            .Sample(
                (reply, share) =>
                {
                    var bytes = ControlCodec.Encode(reply);
                    Assert.Throws<ContentException>(() => ControlCodec.DecodeReply(bytes.AsMemory(0, (int)(share * (bytes.Length - 1)))));
                }
            );

    [Fact]
    public void Reply_BytesChanged_NeverThrowsAnythingElse() =>
        Gen.Select(Reply, Gen.Int[0, int.MaxValue], Gen.Byte)
            .Sample(
                (reply, at, value) =>
                {
                    var bytes = ControlCodec.Encode(reply);
                    bytes[at % bytes.Length] = value;
                    try
                    {
                        ControlCodec.DecodeReply(bytes);
                    }
                    catch (ContentException)
                    {
                        // the only one allowed
                    }
                }
            );

    [Fact]
    public void Reply_RandomBytes_NeverThrowsAnythingElse() =>
        Gen.Byte.Array[0, 200]
            .Sample(bytes =>
            {
                try
                {
                    ControlCodec.DecodeReply(bytes);
                }
                catch (ContentException)
                {
                    // the only one allowed
                }
            });

    [Fact]
    public void Reply_LargestStatus_FitsItsFrame()
    {
        var digest = new Content.Values.Sha256Digest(new byte[32]);
        var text = new string('\u2fff', 256);
        var slot = new SlotRelease(digest, text, long.MaxValue);
        var sources = new SourceBytes(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue);
        var status = new NodeStatus
        {
            Product = text, Channel = text, Server = new string('x', 4096), Site = text, NodeId = text,
            Current = slot, Next = slot, Previous = slot, Held = slot,
            LastFault = new Fault(FaultKind.Failed, new string('\u2fff', 4096)),
            MountedRoot = new string('\u2fff', 4096), MountedImage = new string('\u2fff', 4096), MountNote = new string('\u2fff', 4096),
            Updates =
            [
                .. Enumerable.Repeat(
                    new UpdateRecord
                    {
                        Digest = digest, Version = text, Build = long.MaxValue, TotalBytes = long.MaxValue, Sources = sources,
                        StartedUnixMilliseconds = long.MaxValue, FinishedUnixMilliseconds = long.MaxValue,
                        DownloadMilliseconds = long.MaxValue, VerifyMilliseconds = long.MaxValue, TotalMilliseconds = long.MaxValue,
                    },
                    32
                ),
            ],
        };
        var bytes = ControlCodec.Encode(ControlReply.Of(status));
        Assert.InRange(bytes.Length, 1, ControlFrames.MaxReply);
        Assert.Equal(32, ControlCodec.DecodeReply(bytes).Status!.Updates.Count);
    }

    private static string Describe(ControlReply reply) =>
        $"{reply with { Status = reply.Status is { } status ? status with { Updates = [], Limits = null } : null, Limits = null, Plan = reply.Plan is { } plan ? plan with { Reused = [] } : null, Collected = null }}|"
        + string.Join('|', reply.Status?.Updates ?? [])
        + string.Join('|', reply.Plan?.Reused ?? [])
        + string.Join('|', reply.Collected?.Releases ?? [])
        + Describe(reply.Status?.Limits)
        + Describe(reply.Limits);

    private static string Describe(LimitStatus? limits) =>
        limits is null ? "" : $"{limits with { Changed = [] }}|{string.Join('|', limits.Changed)}";
}
