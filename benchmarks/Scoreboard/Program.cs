using Scoreboard;

// scoreboard ROOT [FOLDER]: takes newer results from the folder, if one is given, and writes the page again.
var board = new Board(args[0]);
if (args.Length > 1) board.Take(args[1]);
File.WriteAllText(board.PagePath, board.Page());
return 0;
