using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Configuration;

namespace StatelessSwarm.Cli.Nodes;

/// <summary>The settings of a node as options of a command, over the configuration file.</summary>
internal sealed class NodeOptionSet
{
    private readonly CommandContext _context;
    private readonly Option<string?> _file = new("--config")
    {
        HelpName = "FILE",
        Description = "Configuration file with the same settings; default /etc/stateless/node.json, if it is there.",
    };

    private readonly List<(NodeSetting Setting, Option Option)> _options = [];

    /// <summary>Options for some settings, or all.</summary>
    public NodeOptionSet(CommandContext context, params IReadOnlyList<string> names)
    {
        _context = context;
        foreach (var setting in NodeSetting.All.Where(setting => names.Count == 0 || names.Contains(setting.Name)))
            _options.Add((setting, Create(setting)));
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var (_, option) in _options)
            command.Add(option);
        command.Add(_file);
    }

    /// <summary>The configuration file's settings, those of the command line over them.</summary>
    /// <exception cref="ConfigurationException">The file is wrong.</exception>
    public (NodeSettings Settings, NodeDefaults Defaults) Read(ParseResult result)
    {
        var defaults = NodeDefaults.For(Environment.IsPrivilegedProcess, _context.Variable);
        var settings = new NodeSettings();
        var file = result.GetValue(_file);
        if (file is not null && !File.Exists(file))
            throw new CommandException(ExitCode.Nothing, $"{file}: no such configuration file");
        file ??= File.Exists(defaults.ConfigurationPath) ? defaults.ConfigurationPath : null;
        if (file is not null)
            NodeConfigurationFile.Read(file, settings);
        foreach (var (setting, option) in _options)
        {
            // not what is there by default: only what was typed goes over the file
            if (result.GetResult(option) is not { Implicit: false })
                continue;
            IReadOnlyList<string> values = option switch
            {
                Option<bool> flag => [result.GetValue(flag) ? "true" : "false"],
                Option<string[]> many => result.GetValue(many) ?? [],
                Option<string?> one => [result.GetValue(one) ?? ""],
                _ => throw new InvalidOperationException($"--{setting.Name}: no such kind of option"),
            };
            settings.Set(setting.Name, "--" + setting.Name, values);
        }
        return (settings, defaults);
    }

    private static Option Create(NodeSetting setting)
    {
        var name = "--" + setting.Name;
        Option option = setting.Kind switch
        {
            NodeSettingKind.Flag => new Option<bool>(name),
            NodeSettingKind.Many => new Option<string[]>(name),
            _ => new Option<string?>(name),
        };
        option.Description = setting.Description;
        if (setting.Placeholder.Length > 0)
            option.HelpName = setting.Placeholder;
        return option;
    }
}
