using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Simulation.Tests.Networks;

namespace StatelessSwarm.Simulation.Tests.Swarms;

/// <summary>A connection between two nodes.</summary>
public sealed class SimConnection
{
    private readonly EventQueue _events;
    private readonly SimNode _opener;
    private readonly SimNode _answerer;
    private readonly PeerHandle _openerHandle;
    private readonly PeerHandle _answererHandle;
    private readonly Pipe _forth;
    private readonly Pipe _back;
    private Action? _whenWhole;

    public SimConnection(SimSwarm swarm, SimNode opener, SimNode answerer)
    {
        _events = swarm.Events;
        _opener = opener;
        _answerer = answerer;
        _openerHandle = opener.NewHandle();
        _answererHandle = answerer.NewHandle();
        _forth = Open(swarm, opener, answerer, _openerHandle, _answererHandle);
        _back = Open(swarm, answerer, opener, _answererHandle, _openerHandle);
    }

    public PeerHandle HandleAt(SimNode node) => node == _opener ? _openerHandle : _answererHandle;

    public Pipe From(SimNode node) => node == _opener ? _forth : _back;

    public SimNode Other(SimNode node) => node == _opener ? _answerer : _opener;

    /// <summary>One side closes; the other learns it a path's delay later.</summary>
    public void Close(SimNode by)
    {
        if (_forth.IsClosed)
            return;
        _forth.IsClosed = true;
        _back.IsClosed = true;
        var other = Other(by);
        _whenWhole = () => _events.After(From(by).PathDelay, () => other.Disconnected(HandleAt(other)));
        if (!_forth.IsCut)
            _whenWhole();
    }

    /// <summary>Cuts the network between both ends, or mends it; an end that was closed meanwhile is heard of then.</summary>
    public void Cut(bool isCut)
    {
        var wasCut = _forth.IsCut;
        _forth.IsCut = isCut;
        _back.IsCut = isCut;
        if (wasCut && !isCut)
            _whenWhole?.Invoke();
    }

    private static Pipe Open(SimSwarm swarm, SimNode from, SimNode to, PeerHandle fromHandle, PeerHandle toHandle)
    {
        Link[] path =
            from.Site == to.Site ? [from.Up, to.Down] : [from.Up, from.Site.Up, to.Site.Down, to.Down];
        return new Pipe(swarm.Events, swarm.Clock, path)
        {
            OnMessage = message => to.Message(toHandle, message),
            OnBlock = block => to.Block(toHandle, from, block),
            OnBlockSent = block => from.BlockSent(fromHandle, block),
        };
    }
}
