using System.Net;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// <see cref="MetadataFetcher"/> against two peers that say anything: what it takes has the right hash, and an honest peer that comes
/// afterwards gives it the dictionary. Input: steps of one byte (0x80 set: time passes, (byte and 0x7f) x 100 ms; else bit 0 is the
/// peer) and, after the latter, one frame of <see cref="PeerWire"/>.
/// </summary>
internal sealed class MetadataFetcherTarget : FuzzTarget
{
    private static readonly SyntheticTorrent Torrent = new(100_000, 64 * 1024);

    public override string Name => "metadata-fetcher";

    public override IReadOnlyList<byte[]> Words => new ExtensionHandshakeTarget().Words.Concat(new MetadataMessageTarget().Words).Append([0xff]).ToArray();

    /// <summary>Each of the peers may name the largest size there is, and be asked again after a while.</summary>
    public override long MaxAllocated(int length) => 16L * MetadataFetcher.MaxSize;

    public override void Run(ReadOnlySpan<byte> input)
    {
        var time = new FakeTimeProvider();
        var fetcher = new MetadataFetcher(null, Torrent.Info.V2Hash, time);
        fetcher.PeerConnected(new PeerHandle(1), Peer(1));
        fetcher.PeerConnected(new PeerHandle(2), Peer(2));
        var limits = new WireLimits(0);
        var rest = input;
        for (var step = 0; step < 100 && !rest.IsEmpty; step++)
        {
            var head = rest[0];
            rest = rest[1..];
            if ((head & 0x80) != 0)
            {
                time.Advance(TimeSpan.FromMilliseconds((head & 0x7f) * 100));
                fetcher.Advance();
                continue;
            }
            if (PeerWire.TryRead(rest, limits, out var message, out var consumed, out _) != WireStatus.Message)
                break;
            rest = rest[consumed..];
            fetcher.MessageReceived(new PeerHandle(1 + (head & 1)), message);
        }
        fetcher.PeerDisconnected(new PeerHandle(1));
        fetcher.PeerDisconnected(new PeerHandle(2));
        Complete(fetcher, time);
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var info = Torrent.Info.RawBytes;
        byte[] hello = Step(0, ExtensionIds.Handshake, new ExtensionHandshake { MetadataId = 3, MetadataSize = info.Length }.ToBytes());
        yield return ("whole", [.. hello, .. Step(0, ExtensionIds.Metadata, new MetadataMessage(MetadataMessageKind.Data, 0, info.Length, info).ToBytes())]);
        yield return ("reject", [.. hello, .. Step(0, ExtensionIds.Metadata, new MetadataMessage(MetadataMessageKind.Reject, 0, 0, default).ToBytes()), 0xff]);
        yield return ("bomb", Step(1, ExtensionIds.Handshake, new ExtensionHandshake { MetadataId = 3, MetadataSize = int.MaxValue }.ToBytes()));
    }

    private static byte[] Step(byte head, byte id, byte[] payload) =>
        [head, .. WireTarget.Bytes(new PeerMessage(PeerMessageKind.Extended, ExtendedId: id, Payload: payload))];

    private static void Complete(MetadataFetcher fetcher, FakeTimeProvider time)
    {
        var honest = new PeerHandle(3);
        var info = Torrent.Info.RawBytes;
        fetcher.PeerConnected(honest, Peer(3));
        Say(fetcher, ExtensionIds.Handshake, new ExtensionHandshake { MetadataId = 3, MetadataSize = info.Length }.ToBytes());
        for (var step = 0; step < 50 && fetcher.Info is null; step++)
        {
            while (fetcher.TryDequeue(out var command))
            {
                var isRequest = command.Kind == EngineCommandKind.Send && command.Peer == honest && command.Message is { Kind: PeerMessageKind.Extended, ExtendedId: 3 };
                if (isRequest && MetadataMessage.TryRead(command.Message.Payload) is { Kind: MetadataMessageKind.Request } request)
                    Say(fetcher, ExtensionIds.Metadata, new MetadataMessage(MetadataMessageKind.Data, request.Piece, info.Length, info).ToBytes());
            }
            time.Advance(TimeSpan.FromSeconds(1));
            fetcher.Advance();
        }
        Require(fetcher.Info is { } got && got.Span.SequenceEqual(info.Span), "an honest peer gives the dictionary");

        void Say(MetadataFetcher to, byte id, byte[] payload) =>
            to.MessageReceived(honest, new PeerMessage(PeerMessageKind.Extended, ExtendedId: id, Payload: payload));
    }

    private static ConnectedPeer Peer(byte number)
    {
        Span<byte> random = stackalloc byte[12];
        random.Clear();
        random[0] = number;
        var handshake = new Handshake(default, PeerId.Create(random), true, true, true);
        return new ConnectedPeer(new IPEndPoint(new IPAddress([10, 0, 0, number]), 6881), PeerReach.Lan, PeerSource.Tracker, true, handshake, true);
    }
}
