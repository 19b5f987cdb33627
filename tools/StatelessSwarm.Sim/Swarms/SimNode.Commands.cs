using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Sim.Networks;

namespace StatelessSwarm.Sim.Swarms;

// What the engine wants done.
internal sealed partial class SimNode
{
    /// <summary>A check of a v1 piece takes this long, in nanoseconds.</summary>
    private const long CheckTime = 5 * VirtualClock.Millisecond;

    /// <summary>Largest block a peer may ask for: it may be on top of what is allowed ahead.</summary>
    private const int RequestedAtOnce = 128 * 1024;

    private void Tick(long due)
    {
        if (due != _tickAt)
            return;
        _tickAt = VirtualClock.Never;
        if (IsDead || IsFrozen)
            return;
        if (_busyUntil > Now)
        {
            PlanTick(_busyUntil);
            return;
        }
        if (Engine.NextAdvance is { } next && Real(next) <= Now)
            Engine.Advance();
        Settle();
    }

    /// <summary>Commands are carried out, blocks that sockets took are told of, until nothing is left.</summary>
    private void Settle()
    {
        _isSettling = true;
        do
        {
            while (Engine.TryDequeue(out var command))
                Carry(command);
            if (!_sent.TryDequeue(out var sent))
                break;
            if (sent.Pipe.IsOpen)
                Engine.BlockSent(sent.Pipe.Handle, sent.Block);
        } while (true);
        _isSettling = false;
        PlanTick();
    }

    private void PlanTick()
    {
        if (Engine.NextAdvance is { } next)
            PlanTick(Math.Max(Now, Real(next)));
    }

    private void PlanTick(long at)
    {
        if (_tickAt <= at)
            return;
        _tickAt = at;
        Site.Events.Push(at, this, TickDue, at);
    }

    private long Real(long timestamp) => _skewed is null ? timestamp : _skewed.Real(timestamp);

    private void Carry(in EngineCommand command)
    {
        var place = (long)command.Message.Piece << 32 ^ command.Message.Begin ^ (long)command.Block.Piece.Value << 20 ^ command.Block.Begin;
        Site.Hash.Add(Now ^ ((long)Number << 40) ^ ((long)command.Kind << 60), place ^ (long)command.Peer.Value << 44 ^ (long)command.Message.Kind << 56);
        if (Trace is not null)
            Tell(command);
        switch (command.Kind)
        {
            case EngineCommandKind.Send:
                Messages++;
                Say(command);
                break;
            case EngineCommandKind.SendBlock:
                if (!Stalls && _pipes[command.Peer.Value] is { IsOpen: true } target)
                    Serve(target, command.Block);
                break;
            case EngineCommandKind.WriteBlock:
                UseDisk(command.Block.Length);
                if (_isWrongInHand)
                    _wrongBlocks.Add(command.Block);
                else if (_wrongBlocks.Count > 0)
                    _wrongBlocks.Remove(command.Block);
                break;
            case EngineCommandKind.CheckPiece:
                Site.Events.Push(Now + CheckTime, this, CheckDone, (long)Life << 32 | (uint)command.Block.Piece.Value);
                break;
            case EngineCommandKind.PieceVerified:
                Verified(command.Block.Piece);
                break;
            case EngineCommandKind.HashBlocks:
                Site.Events.Push(Now, this, LeavesDone, (long)command.Peer.Value << 32 | (uint)command.Block.Piece.Value);
                break;
            case EngineCommandKind.Completed:
                Completed();
                break;
            case EngineCommandKind.Disconnect:
                Disconnect(command);
                break;
            case EngineCommandKind.Connect:
                Attempts++;
                new ConnectAttempt(this, NewHandle(), _swarm.Find(command.EndPoint!), _swarm.Scenario.Image.Grain).Begin();
                break;
            case EngineCommandKind.PeerHeard:
                var heard = _swarm.Find(command.EndPoint!);
                Engine.PeerDiscovered(heard.EndPoint, PeerSource.Exchange, ReachOf(heard));
                break;
            default:
                break;
        }
    }

    private void Tell(in EngineCommand command)
    {
        var to = command.Peer.Value > 0 && _pipes[command.Peer.Value] is { } pipe ? $" to {pipe.To.Name}" : "";
        var what = command.Kind == EngineCommandKind.Send ? $" {command.Message.Kind} {command.Message.Piece}/{command.Message.Begin / BlockRange.BlockSize}" : "";
        var block = command.Block.Length > 0 ? $" {command.Block.Piece.Value}/{command.Block.BlockIndex}" : "";
        var fault = command.Fault != PeerFault.None ? $" {command.Fault}" : "";
        Trace?.Invoke($"{Now / 1e9:f6} {Name} {command.Kind}{what}{block}{fault}{to}");
    }

    private void Say(in EngineCommand command)
    {
        if (_pipes[command.Peer.Value] is not { IsOpen: true } pipe)
            return;
        var message = command.Message;
        if (message.Payload.Length > 0)
            Site.Hash.Add(message.Payload.Span);
        if (!pipe.IsLan && Site.Ledger is { } ledger)
        {
            var block = new BlockRange(new PieceIndex(message.Piece), message.Begin, message.Length);
            if (message.Kind == PeerMessageKind.Request)
            {
                ledger.Requested(this, pipe, block);
                if (Mutation == Mutation.AsksTwice)
                    ledger.Requested(this, pipe, block);
            }
            else if (message.Kind == PeerMessageKind.Cancel)
                ledger.Released(pipe, block);
        }
        var times = Mutation == Mutation.Floods && message.Kind == PeerMessageKind.Have ? 100_000 : 1;
        for (; times > 0; times--)
            pipe.Send(message);
        if (pipe.AcceptedFrames > _swarm.MostFrames)
            Site.Break(this, $"{pipe.AcceptedFrames} frames wait to go to node {pipe.To.Name}, more than {_swarm.MostFrames}");
    }

    private void Serve(Pipe pipe, BlockRange block)
    {
        if (!Engine.HasPiece(block.Piece))
            Site.Break(this, $"serves block {block.BlockIndex} of piece {block.Piece.Value}, which it has not verified, to node {pipe.To.Name}");
        UseDisk(block.Length);
        var bytes = (long)block.Length * _swarm.Scenario.Image.Grain;
        SentPayload += bytes;
        if (!pipe.IsLan)
            Site.PayloadOut += bytes;
        pipe.SendBlock(block, Lies && block.Begin == 0);
        var most = Options.UploadAheadPerPeer + RequestedAtOnce;
        if (pipe.WaitingBytes > most)
            Site.Break(this, $"{pipe.WaitingBytes} bytes of blocks are in its hands for node {pipe.To.Name}, more than {most}");
    }

    private void Verified(PieceIndex piece)
    {
        if (_wrongBlocks.Count > 0 && _wrongBlocks.Any(block => block.Piece == piece))
            Site.Break(this, $"takes piece {piece.Value} for verified, which is wrong");
    }

    private void Completed()
    {
        if (!Engine.IsComplete)
            Site.Break(this, "says that it is complete, and is not");
        DoneAt ??= Now;
        if (_isFinished || !MustFinish)
            return;
        _isFinished = true;
        Site.Unfinished--;
    }

    private void Disconnect(in EngineCommand command)
    {
        if (_pipes[command.Peer.Value] is not { IsOpen: true } pipe)
            return;
        Dropped.Add((command.Fault, pipe.To));
        pipe.TellClosed();
        pipe.Close();
        Site.Events.Push(Now, this, HandleClosed, pipe.Handle.Value);
    }

    private void UseDisk(int bytes)
    {
        if (_diskRate > 0)
            _busyUntil = Math.Max(Now, _busyUntil) + (long)(bytes * (double)_swarm.Scenario.Image.Grain / _diskRate * VirtualClock.Second);
    }
}
