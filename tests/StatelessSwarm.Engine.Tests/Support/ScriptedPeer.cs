using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Support;

/// <summary>A peer that does what the test says, and remembers what it was told.</summary>
internal sealed class ScriptedPeer(EngineHarness harness, PeerHandle handle, byte id)
{
    /// <summary>The id this peer gave to <c>ss</c>.</summary>
    public const byte ClaimsId = 77;

    /// <summary>The id this peer gave to <c>ut_metadata</c>.</summary>
    public const byte MetadataId = 78;

    /// <summary>The id this peer gave to <c>ut_pex</c>.</summary>
    public const byte PexId = 79;

    private readonly HashSet<(int Piece, int Begin)> _served = [];

    public PeerHandle Handle => handle;

    public PeerId Id => EngineHarness.IdOf(id);

    /// <summary>Messages it was sent.</summary>
    public IEnumerable<PeerMessage> Heard =>
        harness.Commands.Where(command => command.Kind == EngineCommandKind.Send && command.Peer == handle).Select(command => command.Message);

    public PeerFault Fault =>
        harness.Commands.Where(command => command.Kind == EngineCommandKind.Disconnect && command.Peer == handle)
            .Select(command => command.Fault)
            .FirstOrDefault();

    public IEnumerable<PeerMessage> HeardOf(PeerMessageKind kind) => Heard.Where(message => message.Kind == kind);

    /// <summary>Requests it was sent and did not see cancelled, as (piece, begin).</summary>
    public List<(int Piece, int Begin)> Asked
    {
        get
        {
            var asked = new List<(int, int)>();
            foreach (var message in Heard)
            {
                if (message.Kind == PeerMessageKind.Request)
                    asked.Add((message.Piece, message.Begin));
                else if (message.Kind == PeerMessageKind.Cancel)
                    asked.Remove((message.Piece, message.Begin));
            }
            return asked;
        }
    }

    public IEnumerable<BlockRange> SentBlocks =>
        harness.Commands.Where(command => command.Kind == EngineCommandKind.SendBlock && command.Peer == handle).Select(command => command.Block);

    public ScriptedPeer Say(PeerMessageKind kind, int piece = 0, int begin = 0, int length = 0, byte[]? payload = null, byte extended = 0)
    {
        harness.Engine.MessageReceived(handle, new PeerMessage(kind, piece, begin, length, extended, payload));
        harness.Drain();
        return this;
    }

    public ScriptedPeer Have(params int[] pieces)
    {
        foreach (var piece in pieces)
            Say(PeerMessageKind.Have, piece);
        return this;
    }

    public ScriptedPeer HaveAll() => Say(PeerMessageKind.HaveAll);

    public ScriptedPeer Unchoke() => Say(PeerMessageKind.Unchoke);

    public ScriptedPeer Request(int piece, int begin = 0, int length = BlockRange.BlockSize) =>
        Say(PeerMessageKind.Request, piece, begin, length);

    public ScriptedPeer Hello(bool claims = true, int requestQueue = 250, int metadataSize = 0, int port = 0, SiteId? site = null) =>
        Say(
            PeerMessageKind.Extended,
            payload: new ExtensionHandshake
            {
                ClaimsId = claims ? ClaimsId : null,
                MetadataId = MetadataId,
                PexId = PexId,
                RequestQueue = requestQueue,
                MetadataSize = metadataSize,
                Port = port,
                Site = site,
            }.ToBytes()
        );

    public ScriptedPeer Claim(int piece, int received = 0) => SayClaims(ClaimMessageKind.Claims, piece, received);

    public ScriptedPeer Release(int piece) => SayClaims(ClaimMessageKind.Releases, piece);

    public ScriptedPeer SayTaken(int piece, int received = 0) => SayClaims(ClaimMessageKind.Taken, piece, received);

    public ScriptedPeer SayNeeds(params int[] numbers) => SayClaims(ClaimMessageKind.Needs, numbers);

    public ScriptedPeer Behind() => SayClaims(ClaimMessageKind.Behind);

    public ScriptedPeer CaughtUp() => SayClaims(ClaimMessageKind.CaughtUp);

    /// <summary>What it was last told of our standing; null while it was told nothing.</summary>
    public ClaimMessageKind? StandingHeard
    {
        get
        {
            ClaimMessageKind? last = null;
            foreach (var message in HeardOf(PeerMessageKind.Extended).Where(message => message.ExtendedId == ClaimsId))
            {
                Assert.True(ClaimMessage.TryRead(message.Payload, out var kind, []));
                if (kind is ClaimMessageKind.Behind or ClaimMessageKind.CaughtUp)
                    last = kind;
            }
            return last;
        }
    }

    /// <summary>Pieces it was told are claimed, in order.</summary>
    public List<int> ClaimsHeard => PiecesHeard(ClaimMessageKind.Claims, step: 2);

    /// <summary>Pieces it was told are taken, in order.</summary>
    public List<int> TakenHeard => PiecesHeard(ClaimMessageKind.Taken, step: 2);

    /// <summary>Pieces it was told are free again, in order.</summary>
    public List<int> ReleasesHeard => PiecesHeard(ClaimMessageKind.Releases, step: 1);

    /// <summary>The handshakes it was sent (BEP 10), oldest first.</summary>
    public List<ExtensionHandshake> HellosHeard =>
        [
            .. HeardOf(PeerMessageKind.Extended)
                .Where(message => message.ExtendedId == ExtensionIds.Handshake)
                .Select(message => ExtensionHandshake.TryRead(message.Payload)!),
        ];

    /// <summary>Peer exchange messages it was sent.</summary>
    public List<PexMessage> PexHeard =>
        [
            .. HeardOf(PeerMessageKind.Extended)
                .Where(message => message.ExtendedId == PexId)
                .Select(message => PexMessage.TryRead(message.Payload)!),
        ];

    /// <summary>Tells of peers.</summary>
    public ScriptedPeer Tell(params System.Net.IPEndPoint[] endPoints) =>
        Tell([.. endPoints.Select(endPoint => new PexPeer(endPoint, PexFlags.None))]);

    /// <summary>Tells of peers, with what it says of them.</summary>
    public ScriptedPeer Tell(params PexPeer[] peers) =>
        Say(
            PeerMessageKind.Extended,
            payload: new PexMessage(peers, []).ToBytes(),
            extended: ExtensionIds.Pex
        );

    /// <summary>Sends one block, right or wrong; returns its token.</summary>
    public long SendBlock(int piece, int begin, bool isWrong = false, int length = 0)
    {
        var block = new BlockRange(new PieceIndex(piece), begin, length > 0 ? length : Length(piece, begin));
        _served.Add((piece, begin));
        var leaf = isWrong ? Sha256Digest.HashData("wrong"u8) : harness.Torrent.Leaf(block);
        var token = harness.NextToken();
        harness.Engine.BlockReceived(handle, block, leaf, token);
        harness.Drain();
        return token;
    }

    /// <summary>Sends a whole piece.</summary>
    public void SendPiece(int piece, Func<int, bool>? isWrong = null)
    {
        var blocks = harness.Torrent.Info.BlockCount(new PieceIndex(piece));
        for (var block = 0; block < blocks; block++)
            SendBlock(piece, block * BlockRange.BlockSize, isWrong?.Invoke(block) == true);
    }

    /// <summary>Answers what it is asked for until it is asked for nothing more; every answer takes <paramref name="seconds"/>.</summary>
    public int Serve(int most = int.MaxValue, double seconds = 0.001)
    {
        var count = 0;
        for (; count < most; count++)
        {
            var next = Asked.FirstOrDefault(request => !_served.Contains(request), (-1, -1));
            if (next.Item1 < 0)
                break;
            harness.Pass(seconds);
            SendBlock(next.Item1, next.Item2);
        }
        return count;
    }

    public void Leave()
    {
        harness.Engine.PeerDisconnected(handle);
        harness.Drain();
    }

    public string FateOf(long token)
    {
        var command = harness.Commands.Single(
            command => command.Token == token && (command.Kind is EngineCommandKind.WriteBlock or EngineCommandKind.DropBlock)
        );
        return command.Kind.ToString();
    }

    private ScriptedPeer SayClaims(ClaimMessageKind kind, params int[] numbers) =>
        Say(PeerMessageKind.Extended, payload: ClaimMessage.Write(kind, numbers), extended: ExtensionIds.Claims);

    private int Length(int piece, int begin) =>
        Math.Min(BlockRange.BlockSize, harness.Torrent.Info.ContentLength(new PieceIndex(piece)) - begin);

    private List<int> PiecesHeard(ClaimMessageKind asked, int step)
    {
        var pieces = new List<int>();
        var numbers = new List<int>();
        foreach (var message in HeardOf(PeerMessageKind.Extended).Where(message => message.ExtendedId == ClaimsId))
        {
            Assert.True(ClaimMessage.TryRead(message.Payload, out var kind, numbers));
            for (var index = 0; kind == asked && index < numbers.Count; index += step)
                pieces.Add(numbers[index]);
        }
        return pieces;
    }
}
