using System.Security.Cryptography;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Extensions;

public sealed class MetadataTests
{
    private static readonly byte[] Info = MakeInfo(50_000);

    private readonly FakeTimeProvider _time = new();
    private readonly List<EngineCommand> _commands = [];

    [Fact]
    public void Server_Request_GetsDataUnderTheReceiversId()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Hello();
        peer.Say(PeerMessageKind.Extended, payload: Request(0), extended: ExtensionIds.Metadata);
        var answer = peer.HeardOf(PeerMessageKind.Extended).Single(message => message.ExtendedId == ScriptedPeer.MetadataId);
        var data = MetadataMessage.TryRead(answer.Payload)!.Value;
        Assert.Equal(MetadataMessageKind.Data, data.Kind);
        Assert.True(data.Data.Span.SequenceEqual(harness.Torrent.Info.RawBytes.Span));
    }

    [Fact]
    public void Server_PieceThatIsNoneOrTooOften_IsRejected()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Hello();
        peer.Say(PeerMessageKind.Extended, payload: Request(1), extended: ExtensionIds.Metadata);
        for (var time = 0; time < 4; time++)
            peer.Say(PeerMessageKind.Extended, payload: Request(0), extended: ExtensionIds.Metadata);
        var kinds = peer.HeardOf(PeerMessageKind.Extended)
            .Where(message => message.ExtendedId == ScriptedPeer.MetadataId)
            .Select(message => MetadataMessage.TryRead(message.Payload)!.Value.Kind);
        Assert.Equal(
            [
                MetadataMessageKind.Reject,
                MetadataMessageKind.Data,
                MetadataMessageKind.Data,
                MetadataMessageKind.Data,
                MetadataMessageKind.Reject,
            ],
            kinds
        );
    }

    [Fact]
    public void Fetcher_OnePeer_GetsTheDictionary()
    {
        var fetcher = New();
        Join(fetcher, 1, Info.Length);
        Assert.Equal([0, 1, 2, 3], Asked(1));
        foreach (var piece in new[] { 2, 0, 3, 1 })
            Data(fetcher, 1, piece, Info);
        Assert.True(fetcher.Info!.Value.Span.SequenceEqual(Info));
        Assert.Null(fetcher.NextAdvance);
    }

    [Fact]
    public void Fetcher_Liar_IsClosedAndTheNextOneIsAsked()
    {
        var fetcher = New();
        Join(fetcher, 1, Info.Length);
        Join(fetcher, 2, Info.Length);
        Assert.Empty(Asked(2));
        var wrong = (byte[])Info.Clone();
        wrong[20_000] ^= 1;
        for (var piece = 0; piece < 4; piece++)
            Data(fetcher, 1, piece, wrong);
        Assert.Null(fetcher.Info);
        Assert.Equal((1, PeerFault.WrongData), Closed());
        Assert.Equal([0, 1, 2, 3], Asked(2));
    }

    [Fact]
    public void Fetcher_RejectAndStall_TheNextOneIsAsked()
    {
        var fetcher = New();
        Join(fetcher, 1, Info.Length);
        Join(fetcher, 2, Info.Length);
        Join(fetcher, 3, Info.Length);
        Say(fetcher, 1, ExtensionIds.Metadata, new MetadataMessage(MetadataMessageKind.Reject, 0, 0, default).ToBytes());
        Assert.NotEmpty(Asked(2));
        _time.Advance(TimeSpan.FromSeconds(6));
        fetcher.Advance();
        Drain(fetcher);
        Assert.NotEmpty(Asked(3));
        fetcher.PeerDisconnected(new PeerHandle(3));
        _time.Advance(TimeSpan.FromSeconds(20));
        fetcher.Advance();
        Drain(fetcher);
        Assert.Equal(8, Asked(1).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(MetadataFetcher.MaxSize + 1)]
    public void Fetcher_SizeOutOfBounds_IsNotAsked(int size)
    {
        var fetcher = New();
        Join(fetcher, 1, size);
        Assert.Empty(Asked(1));
    }

    [Fact]
    public void Fetcher_DataThatDoesNotFit_EndsTheConnection()
    {
        var fetcher = New();
        Join(fetcher, 1, Info.Length);
        Say(fetcher, 1, ExtensionIds.Metadata, new MetadataMessage(MetadataMessageKind.Data, 0, 50_000, new byte[10]).ToBytes());
        Assert.Equal((1, PeerFault.BadExtension), Closed());
    }

    [Fact]
    public void Fetcher_AsksOthersToo_IsRefusedPolitely()
    {
        var fetcher = New();
        Join(fetcher, 1, 0);
        Say(fetcher, 1, ExtensionIds.Metadata, Request(0));
        var last = MetadataMessage.TryRead(_commands[^1].Message.Payload)!.Value;
        Assert.Equal(MetadataMessageKind.Reject, last.Kind);
    }

    [Fact]
    public void Message_RoundTrip_IsEqual() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1024], Gen.Byte.Array[0, 100])
            .Sample(
                (kind, piece, data) =>
                {
                    var sent = new MetadataMessage((MetadataMessageKind)kind, piece, kind == 1 ? 7 : 0, kind == 1 ? data : []);
                    var read = MetadataMessage.TryRead(sent.ToBytes())!.Value;
                    Assert.Equal((sent.Kind, sent.Piece, sent.TotalSize), (read.Kind, read.Piece, read.TotalSize));
                    Assert.True(sent.Data.Span.SequenceEqual(read.Data.Span));
                }
            );

    [Fact]
    public void Message_RandomBytes_NeverThrow() =>
        Gen.Byte.Array[0, 80].Sample(bytes => { MetadataMessage.TryRead(bytes); }, iter: 20_000);

    private static byte[] MakeInfo(int size)
    {
        var info = new byte[size];
        new Random(1).NextBytes(info);
        return info;
    }

    private static byte[] Request(int piece) => new MetadataMessage(MetadataMessageKind.Request, piece, 0, default).ToBytes();

    private MetadataFetcher New() => new(new InfoHash(SHA1.HashData(Info)), Sha256Digest.HashData(Info), _time);

    private void Join(MetadataFetcher fetcher, int number, int size)
    {
        var handshake = new Handshake(default, EngineHarness.IdOf((byte)number), true, true, true);
        var endPoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, number);
        fetcher.PeerConnected(new PeerHandle(number), new ConnectedPeer(endPoint, PeerReach.Lan, PeerSource.Tracker, true, handshake, true));
        Say(fetcher, number, 0, new ExtensionHandshake { MetadataId = 9, MetadataSize = size }.ToBytes());
    }

    private void Data(MetadataFetcher fetcher, int number, int piece, byte[] info)
    {
        var start = piece * MetadataMessage.PieceSize;
        var data = info.AsMemory(start, Math.Min(MetadataMessage.PieceSize, info.Length - start));
        Say(fetcher, number, ExtensionIds.Metadata, new MetadataMessage(MetadataMessageKind.Data, piece, info.Length, data).ToBytes());
    }

    private void Say(MetadataFetcher fetcher, int number, byte id, byte[] payload)
    {
        fetcher.MessageReceived(new PeerHandle(number), new PeerMessage(PeerMessageKind.Extended, ExtendedId: id, Payload: payload));
        Drain(fetcher);
    }

    private void Drain(MetadataFetcher fetcher)
    {
        while (fetcher.TryDequeue(out var command))
            _commands.Add(command);
    }

    private List<int> Asked(int number) =>
        [
            .. _commands
                .Where(command => command.Peer.Value == number && command.Message is { Kind: PeerMessageKind.Extended, ExtendedId: 9 })
                .Select(command => MetadataMessage.TryRead(command.Message.Payload)!.Value)
                .Where(message => message.Kind == MetadataMessageKind.Request)
                .Select(message => message.Piece),
        ];

    private (int Peer, PeerFault Fault) Closed()
    {
        var command = _commands.Single(command => command.Kind == EngineCommandKind.Disconnect);
        return (command.Peer.Value, command.Fault);
    }
}
