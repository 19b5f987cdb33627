using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Engine.Tests.Support;

/// <summary>An engine with a clock that stands still and peers that say what the test says.</summary>
internal sealed class EngineHarness
{
    public const int PieceLength = 64 * 1024;
    public const int BlocksPerPiece = PieceLength / BlockRange.BlockSize;

    /// <summary>Our address in connections that know it.</summary>
    public static readonly System.Net.IPAddress LocalAddress = new([10, 0, 0, 250]);

    private int _handles;
    private long _tokens;

    public EngineHarness(
        int pieces = 8,
        IEnumerable<int>? verified = null,
        ulong seed = 1,
        Func<EngineOptions, EngineOptions>? change = null,
        SyntheticTorrent? torrent = null,
        bool isV1 = false,
        Dictionary<int, PieceGaps>? known = null
    )
    {
        Torrent = torrent ?? new SyntheticTorrent((long)pieces * PieceLength, PieceLength);
        var options = new EngineOptions { PeerId = IdOf(100), ListenPort = 6881 };
        Options = change?.Invoke(options) ?? options;
        Engine = isV1
            ? new TorrentEngine(Torrent.V1Info, null, Options, Time, seed)
            : new TorrentEngine(Torrent.Info, Torrent.Layers, Options, Time, seed);
        var gaps = (known ?? []).Select(entry => KeyValuePair.Create(new PieceIndex(entry.Key), entry.Value));
        Engine.Start((verified ?? []).Select(piece => new PieceIndex(piece)), gaps);
        Drain();
    }

    public SyntheticTorrent Torrent { get; }

    public FakeTimeProvider Time { get; } = new();

    public EngineOptions Options { get; }

    public TorrentEngine Engine { get; }

    /// <summary>All commands so far, oldest first.</summary>
    public List<EngineCommand> Commands { get; } = [];

    /// <summary>Blocks that left with SendBlock and have not been reported sent.</summary>
    public List<EngineCommand> Unsent { get; } = [];

    /// <summary>Answers HashBlocks at once, as a shell does later; default true.</summary>
    public bool HashesBlocks { get; set; } = true;

    public static PeerId IdOf(byte number)
    {
        var random = new byte[12];
        random[0] = number;
        return PeerId.Create(random);
    }

    public static IEnumerable<int> All(int pieces) => Enumerable.Range(0, pieces);

    public ScriptedPeer Connect(
        byte id,
        PeerReach reach = PeerReach.Lan,
        bool isOutgoing = false,
        bool isFast = true,
        bool hasExtensions = true,
        bool isV2 = true,
        string? address = null,
        bool knowsLocal = false,
        bool mayShareSite = false
    )
    {
        var peer = new ScriptedPeer(this, new PeerHandle(++_handles), id);
        var handshake = new Handshake(default, IdOf(id), hasExtensions, isFast, isV2);
        var from = address is null ? new System.Net.IPAddress([10, 0, 0, id]) : System.Net.IPAddress.Parse(address);
        var endPoint = new System.Net.IPEndPoint(from, 6881);
        Engine.PeerConnected(
            peer.Handle,
            new ConnectedPeer(endPoint, reach, PeerSource.Tracker, isOutgoing, handshake, isV2, knowsLocal ? LocalAddress : null)
            {
                MayShareSite = mayShareSite,
            }
        );
        Drain();
        return peer;
    }

    public ScriptedPeer ConnectWebSeed(byte id, PeerReach reach = PeerReach.Lan)
    {
        var peer = new ScriptedPeer(this, new PeerHandle(++_handles), id);
        var endPoint = new System.Net.IPEndPoint(new System.Net.IPAddress([10, 0, 0, id]), 80);
        var handshake = new Handshake(default, IdOf(id), SupportsExtensions: false, SupportsFast: true, SupportsV2: false);
        var connection = new ConnectedPeer(endPoint, reach, PeerSource.Manual, false, handshake, false) { IsWebSeed = true };
        Engine.PeerConnected(peer.Handle, connection);
        Drain();
        return peer;
    }

    public long NextToken() => ++_tokens;

    public void Drain()
    {
        while (Engine.TryDequeue(out var command))
        {
            Commands.Add(command);
            if (command.Kind == EngineCommandKind.SendBlock)
                Unsent.Add(command);
            if (command.Kind == EngineCommandKind.HashBlocks && HashesBlocks)
                Engine.BlocksHashed(command.Peer, command.Block.Piece, Torrent.LeavesOf(command.Block.Piece));
        }
    }

    /// <summary>Lets time pass, with a look at the timers as often as the engine asks for one.</summary>
    public void Pass(double seconds)
    {
        var end = Time.GetTimestamp() + (long)(seconds * Time.TimestampFrequency);
        while (Engine.NextAdvance is { } due && due <= end)
        {
            var step = Math.Max(due - Time.GetTimestamp(), 1);
            Time.Advance(TimeSpan.FromSeconds((double)step / Time.TimestampFrequency));
            Engine.Advance();
            Drain();
        }
        if (end > Time.GetTimestamp())
            Time.Advance(TimeSpan.FromSeconds((double)(end - Time.GetTimestamp()) / Time.TimestampFrequency));
    }

    /// <summary>Reports blocks handed to the shell as sent, oldest first.</summary>
    public void ReportSent(int count = int.MaxValue)
    {
        for (; count > 0 && Unsent.Count > 0; count--)
        {
            var command = Unsent[0];
            Unsent.RemoveAt(0);
            Engine.BlockSent(command.Peer, command.Block);
            Drain();
        }
    }

    /// <summary>Pieces the engine has asked to be checked, in order, answered or not.</summary>
    public List<int> Checks => [.. Commands.Where(command => command.Kind == EngineCommandKind.CheckPiece).Select(command => command.Block.Piece.Value)];

    /// <summary>Answers a check.</summary>
    public void Checked(int piece, bool isRight)
    {
        Engine.PieceChecked(new PieceIndex(piece), isRight);
        Drain();
    }

    /// <summary>Answers the wish for the hashes of a piece of which a part was here before.</summary>
    public void Hashed(int piece, Func<int, bool>? isWrong = null)
    {
        var index = new PieceIndex(piece);
        Assert.Contains(Commands, command => command.Kind == EngineCommandKind.HashPiece && command.Block.Piece == index);
        Sha256Digest[] leaves = [.. Torrent.LeavesOf(index)];
        for (var block = 0; block < leaves.Length; block++)
        {
            if (isWrong?.Invoke(block) == true)
                leaves[block] = Sha256Digest.HashData("wrong"u8);
        }
        Engine.PieceHashed(index, leaves);
        Drain();
    }

    public int Count(EngineCommandKind kind) => Commands.Count(command => command.Kind == kind);
}
